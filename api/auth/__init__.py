"""Who sent a request: API keys, and which hosts and origins a keyless service answers."""
