"""Webhooks of a caller: deliveries, signing secrets, and disabled addresses."""
