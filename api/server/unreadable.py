"""Requests that never become one: what gunicorn cannot read is answered as a problem as well.

gunicorn writes a page of HTML for these. Nothing of what was sent is given back.
"""

import json
import secrets
import socket
from http import HTTPStatus

from gunicorn.http import errors  # type: ignore[import-untyped]  # gunicorn ships no types
from gunicorn.util import write_nonblock  # type: ignore[import-untyped]  # gunicorn ships no types

from api.http.problem_schemas import ProblemBody
from api.http.problems import MEDIA_TYPE, STATUSES
from common.errors import CelshadeError

TOO_LONG = "uri_too_long"
TOO_MANY = "headers_too_large"
_SENTENCES = {
    TOO_LONG: "The address is too long; send parameters in a form.",
    TOO_MANY: "The request has too many headers, or one that is too long.",
    "malformed_request": "The request could not be read.",
    "internal": CelshadeError.default,
}


def code_of(error: Exception) -> str:
    """Return the stable code of what stopped gunicorn."""
    match error:
        case errors.LimitRequestLine():
            return TOO_LONG
        case errors.LimitRequestHeaders():
            return TOO_MANY
        case errors.ParseException():
            return "malformed_request"
        case _:
            return "internal"


def refuse(client: socket.socket, code: str) -> None:
    """Write a problem and announce that the connection ends.

    Args:
        client: The connection.
        code: Of `code_of`.

    Raises:
        OSError: The client has gone.
    """
    request_id = secrets.token_hex(8)
    status: HTTPStatus = STATUSES[code]
    body = ProblemBody(
        title=status.phrase,
        status=status.value,
        detail=_SENTENCES[code],
        instance="",
        code=code,
        errors=[],
        request_id=request_id,
    )
    content = json.dumps(body.model_dump()).encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Connection: close",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        f"X-Request-Id: {request_id}",
    ]
    write_nonblock(client, "\r\n".join([*lines, "", ""]).encode() + content)
