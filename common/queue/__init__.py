"""The queue: Celery, which carries hints from the API and the keeper to workers."""
