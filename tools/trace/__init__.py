"""Traces requests through the service, to count the files that they run through."""
