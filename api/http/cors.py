"""CORS: lets pages of listed origins use the API and read its responses.

Without a list no header is sent, and browsers block foreign pages. Credentials are never allowed:
the key is sent in `Authorization`, and a page must get it from its user. The rules are those of
https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from collections.abc import Collection
from http import HTTPStatus

from flask import Flask, Response, request

METHODS = ("GET", "HEAD", "POST", "DELETE")
# What a page may send besides the safelisted headers.
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
# What a page may read besides the safelisted headers.
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
MAX_AGE_S = (
    600  # a browser repeats the preflight after this, so a removed origin is blocked by then
)


def register(app: Flask, origins: Collection[str]) -> None:
    """Allow pages of these origins; does nothing without any.

    Args:
        app: The application; hooks registered later do not run for a preflight.
        origins: Scheme, host and port, as browsers send them.
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
        response.vary.add("Origin")  # the response differs by origin
        origin = request.headers.get("Origin")
        if origin in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED_HEADERS)
        return response
