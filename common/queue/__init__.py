"""Celery as the carrier of hints."""
