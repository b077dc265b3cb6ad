"""Untrusted bytes to pixels, in processes that may be killed."""
