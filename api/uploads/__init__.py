"""Uploads: photos received in forms or raw bodies, or fetched from an address."""
