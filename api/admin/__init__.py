"""What operators see and do: the overview of the service, and dead letters."""
