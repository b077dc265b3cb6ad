"""The small process that keeps the promises: reaping, hints, expiry, sweeping, webhooks."""
