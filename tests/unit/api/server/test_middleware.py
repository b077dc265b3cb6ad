"""The middleware over plain WSGI: no server, no socket."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from api.server.limits import IntakeLimits
from api.server.middleware import IntakeMiddleware
from api.server.pace import WaitingSlots
from common.errors import UploadTooLarge

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LIMITS = IntakeLimits(max_upload_bytes=1000, multipart_overhead_bytes=500)
MULTIPART = "multipart/form-data; boundary=x"


def application(*, reads: bool) -> Callable[..., list[bytes]]:
    """A tiny application that reads its body, or does not."""

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        size = len(environ["wsgi.input"].read()) if reads else 0
        start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "keep-alive")])
        return [str(size).encode()]

    return app


def call(
    app: Callable[..., list[bytes]], body: bytes = b"", content_type: str = "image/jpeg"
) -> tuple[bytes, str]:
    """Send a request through the middleware; the answer and its Connection header."""
    environ = EnvironBuilder(
        method="POST", input_stream=BytesIO(body), content_type=content_type
    ).get_environ()
    environ["CONTENT_LENGTH"] = str(len(body))
    answer, _, headers = run_wsgi_app(IntakeMiddleware(app, LIMITS, WaitingSlots(1)), environ)
    return b"".join(answer), headers.get("Connection", "")


def test_a_body_that_was_read_keeps_the_connection() -> None:
    assert call(application(reads=True), b"x" * 10) == (b"10", "keep-alive")


def test_an_early_answer_closes_the_connection() -> None:
    assert call(application(reads=False), b"x" * 10) == (b"0", "close")


def test_a_request_without_a_body_keeps_the_connection() -> None:
    assert call(application(reads=False)) == (b"0", "keep-alive")


def test_only_multipart_has_room_for_its_overhead() -> None:
    assert call(application(reads=True), b"x" * 1500, MULTIPART) == (b"1500", "keep-alive")
    with pytest.raises(UploadTooLarge):
        call(application(reads=True), b"x" * 1001)
    with pytest.raises(UploadTooLarge):
        call(application(reads=True), b"x" * 1501, MULTIPART)
