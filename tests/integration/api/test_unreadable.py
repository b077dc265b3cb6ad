"""Requests that gunicorn itself refuses: over real connections, answered as problems as well."""

import json
from http.client import HTTPResponse
from pathlib import Path

import pytest

from tests.integration.api.intake_server import running

LONG = b"x" * 9_000
MANY = b"".join(b"X-%d: y\r\n" % number for number in range(100))


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /?a=" + LONG + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + MANY + b"\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nX-Long: " + LONG + b"\r\n\r\n", 431, "headers_too_large"),
        (b"nonsense <b>\r\n\r\n", 400, "malformed_request"),
        (b"GET / HTTP/1.1\r\nBad Name: <b>\r\n\r\n", 400, "malformed_request"),
    ],
    ids=["long address", "many headers", "a long header", "no HTTP", "a header's name"],
)
def test_what_cannot_be_read_is_a_problem(
    tmp_path: Path, sent: bytes, status: int, code: str
) -> None:
    with running(tmp_path) as server, server.connect(sent) as connection:
        answer = HTTPResponse(connection)
        answer.begin()
        text = answer.read().decode()

    body = json.loads(text)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert "<b>" not in text
    assert answer.headers["Connection"] == "close"
