"""CORS: lets pages of listed origins use the API and read its answers.

Without a list nothing is said, and browsers keep foreign pages out. Nobody is allowed credentials:
keys travel in `Authorization`, which a page must have from its own user. The rules are those of
https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from collections.abc import Collection
from http import HTTPStatus

from flask import Flask, Response, request

METHODS = ("GET", "HEAD", "POST", "DELETE")
# What a page may send besides the headers that every page may.
REQUEST_HEADERS = (
    "Authorization",
    "Cache-Control",
    "Cancel-After",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "Range",
    "X-Request-Id",
)
# What a page may read besides the headers that every page may.
EXPOSED_HEADERS = (
    "Cache-Status",
    "Content-Disposition",
    "ETag",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
)
MAX_AGE_S = 600  # a browser asks again after this; an origin taken from the list is out by then


def register(app: Flask, origins: Collection[str]) -> None:
    """Serve pages of these origins too; none when there are none.

    Args:
        app: The application; what is registered later is not asked for a preflight.
        origins: As browsers send them: scheme, host and port.
    """
    if not origins:
        return
    allowed = frozenset(origins)

    @app.before_request
    def _answer_preflight() -> Response | None:
        if (
            request.method != "OPTIONS"
            or request.headers.get("Origin") not in allowed
            or "Access-Control-Request-Method" not in request.headers
        ):
            return None
        response = Response(status=HTTPStatus.NO_CONTENT)
        response.headers["Access-Control-Allow-Methods"] = ", ".join(METHODS)
        response.headers["Access-Control-Allow-Headers"] = ", ".join(REQUEST_HEADERS)
        response.headers["Access-Control-Max-Age"] = str(MAX_AGE_S)
        return response

    @app.after_request
    def _let_read(response: Response) -> Response:
        response.vary.add("Origin")  # the answer to another page is another one
        origin = request.headers.get("Origin")
        if origin in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED_HEADERS)
        return response
