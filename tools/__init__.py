"""Developers' scripts; nothing of the service imports them."""
