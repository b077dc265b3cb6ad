"""The request log: an id for every request, one line for every answer, and the same few headers.

Never logs a query, a header or a body: links carry signatures, headers carry keys.
"""

import logging
import random
import re
import time

from flask import Flask, Response, g, request

from common import log
from common.callers import Caller

_log = logging.getLogger("api.access")

REQUEST_ID = "X-Request-Id"
MAX_LOGGED_PATH = 200
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# What no page may do with our answers, however they got there.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000"


def register(app: Flask, *, is_https: bool) -> None:
    """Number, dress and log every request of an application.

    Args:
        app: The application.
        is_https: Whether its public address is reached by TLS.
    """
    app.before_request(_begin)
    always = [*_HEADERS.items(), *([("Strict-Transport-Security", _HSTS)] if is_https else [])]

    @app.after_request
    def _finish(response: Response) -> Response:
        said = {name.lower() for name, _ in response.headers}
        for name, value in always:
            if name.lower() not in said:
                response.headers.add(name, value)
        response.headers.add(REQUEST_ID, log.request_id.get() or "")
        _write(response)
        return response

    app.teardown_request(_forget)


def _begin() -> None:
    g.begun_s = time.monotonic()
    given = request.headers.get(REQUEST_ID, "")
    log.request_id.set(given if _SANE_ID.fullmatch(given) else f"{random.getrandbits(64):016x}")


def _write(response: Response) -> None:
    caller: Caller | None = g.get("caller")
    _log.info(
        "request",
        extra={
            "method": request.method,
            "path": request.path[:MAX_LOGGED_PATH],
            "status": response.status_code,
            "duration_ms": round((time.monotonic() - g.begun_s) * 1000, 1),
            "caller": caller.name if caller else None,
        },
    )


def _forget(_: BaseException | None) -> None:
    """The thread serves others next."""
    log.request_id.set(None)
    log.job_id.set(None)
