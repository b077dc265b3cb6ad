"""The dependencies of every request, created once per process."""
