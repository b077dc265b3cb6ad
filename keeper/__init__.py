"""The keeper: a small process that reaps, tops up hints, expires, sweeps and sends webhooks."""
