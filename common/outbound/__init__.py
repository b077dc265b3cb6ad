"""Outbound calls to addresses that callers chose; nothing else in the service makes such calls."""
