"""Connection state: what the server passes to a request through the WSGI environ."""

from collections.abc import Callable

from flask import request

# Environ keys of functions: whether this process is stopping, and whether the client has left.
STOPPING = "celshade.stopping"
CLIENT_LEFT = "celshade.client_left"


def _no() -> bool:
    return False


def is_stopping() -> Callable[[], bool]:
    """Return a check for whether this process is stopping; usable after the request."""
    found: Callable[[], bool] = request.environ.get(STOPPING, _no)
    return found


def has_client_left() -> Callable[[], bool]:
    """Return a check for whether this request's client has closed its connection."""
    found: Callable[[], bool] = request.environ.get(CLIENT_LEFT, _no)
    return found
