"""Processes of this service: pid files, supervision, and children that die with their parent."""
