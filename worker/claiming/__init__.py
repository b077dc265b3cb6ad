"""What this process holds and whether it may claim: leases, heartbeat, drain, health."""
