"""Signed links to the objects of the local store."""
