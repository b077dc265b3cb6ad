"""The library: a client of a Celshade server, over HTTP alone."""

__version__ = "0.1.0"
