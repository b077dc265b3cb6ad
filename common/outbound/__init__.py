"""Calls to addresses that callers of the service chose; nothing else in it calls strangers."""
