"""Who sent a request: API keys, and the hosts and origins that a keyless service accepts."""
