"""Batches: many photos in one request, polled and canceled as one."""
