"""The catalog of styles, and the version of each that takes new work."""
