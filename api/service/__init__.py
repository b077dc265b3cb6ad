"""The service itself: styles, limits, usage, load, probes and metrics."""
