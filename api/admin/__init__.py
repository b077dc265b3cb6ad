"""The operator API: the overview of the service, and dead letters."""
