"""Puts our reader before every request body, and closes the connection after an early answer.

WSGI on both sides; it knows no route and no server but for the socket that gunicorn leaves in the
environ, which it tells how long this client may be waited for.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.http import parse_options_header
from werkzeug.wsgi import get_content_length

from api.server.body import BodyReader
from api.server.client_socket import ClientSocket
from api.server.limits import IntakeLimits
from api.server.pace import Pace, WaitingSlots

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BATCHES = "/v1/batches"  # the one address that takes more than one photo


class IntakeMiddleware:
    """Wraps a WSGI application so that it reads bodies only through a `BodyReader`.

    A response that starts before the body was read to its end carries `Connection: close`: the rest
    of the body would otherwise be taken for the next request.

    Args:
        app: The application.
        limits: What a body may cost.
        slots: The process's waiting slots, shared by all its threads.
    """

    def __init__(self, app: "WSGIApplication", limits: IntakeLimits, slots: WaitingSlots) -> None:
        self._app = app
        self._limits = limits
        self._slots = slots

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request."""
        reader = self._reader(environ)
        environ["wsgi.input"] = reader
        environ["wsgi.input_terminated"] = True

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: "OptExcInfo | None" = None, /
        ) -> Callable[[bytes], object]:
            reader.finish()
            if not reader.at_end:
                headers = [pair for pair in headers if pair[0].lower() != "connection"]
                headers.append(("Connection", "close"))
            return start_response(status, headers, exc_info)

        try:
            return self._app(environ, start)
        finally:
            reader.finish()

    def _reader(self, environ: "WSGIEnvironment") -> BodyReader:
        """Build the request's reader and tell its socket the pace."""
        is_batch = environ.get("PATH_INFO") == BATCHES and environ["REQUEST_METHOD"] == "POST"
        limits = self._limits.for_batches() if is_batch else self._limits
        pace = Pace(limits, self._slots)
        connection = environ.get("gunicorn.socket")
        if isinstance(connection, ClientSocket):
            connection.be_patient(pace)
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        kind, _ = parse_options_header(environ.get("CONTENT_TYPE"))
        overhead = limits.multipart_overhead_bytes if kind == "multipart/form-data" else 0
        return BodyReader(
            environ["wsgi.input"],
            limit_bytes=limits.max_upload_bytes + overhead,
            content_length=None if chunked else get_content_length(environ) or 0,
            patience=pace,
            content_encoding=environ.get("HTTP_CONTENT_ENCODING", ""),
        )
