"""Requests that wait for a job to end."""
