"""The access log: an id for every request, a line for every response, and the security headers.

Never logs a query, a header or a body: links contain signatures, headers contain keys.
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

# Restrict what a page can do with any response.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000"


def register(app: Flask, *, is_https: bool) -> None:
    """Assign ids and headers to every request of an application, and log it.

    Args:
        app: The application.
        is_https: Whether its public URL is HTTPS.
    """
    app.before_request(_start)
    always = [*_HEADERS.items(), *([("Strict-Transport-Security", _HSTS)] if is_https else [])]

    @app.after_request
    def _finish(response: Response) -> Response:
        present = {name.lower() for name, _ in response.headers}
        for name, value in always:
            if name.lower() not in present:
                response.headers.add(name, value)
        response.headers.add(REQUEST_ID, log.request_id.get() or "")
        _write(response)
        return response

    app.teardown_request(_clear_ids)


def _start() -> None:
    g.started_s = time.monotonic()
    sent_id = request.headers.get(REQUEST_ID, "")
    log.request_id.set(sent_id if _SANE_ID.fullmatch(sent_id) else f"{random.getrandbits(64):016x}")


def _write(response: Response) -> None:
    caller: Caller | None = g.get("caller")
    _log.info(
        "request",
        extra={
            "method": request.method,
            "path": request.path[:MAX_LOGGED_PATH],
            "status": response.status_code,
            "duration_ms": round((time.monotonic() - g.started_s) * 1000, 1),
            "caller": caller.name if caller else None,
        },
    )


def _clear_ids(_: BaseException | None) -> None:
    """Clear the ids: the thread serves another request next."""
    log.request_id.set(None)
    log.job_id.set(None)
