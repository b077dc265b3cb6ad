"""The styles there are, and the version that takes new work."""
