"""Problem documents: turns error responses into `Refused`. Pure: no I/O."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from celshade.client.errors import BadAnswer, CelshadeError, Refused
from celshade.client.retry import read_retry_after_s


def problem_of(response: httpx.Response) -> CelshadeError:
    """Make the error of an answer whose status is not 2xx; its body has been read."""
    if response.is_redirect:
        target = response.headers.get("Location", "nowhere")
        return BadAnswer(
            f"{response.url} redirects to {target}; if you trust it, use its address instead."
        )
    body = _body(response)
    code, detail = body.get("code"), body.get("detail") or body.get("title")
    if not (isinstance(code, str) and isinstance(detail, str)):
        code, detail = f"http_{response.status_code}", _bare(response)
    return Refused(
        response.status_code,
        code,
        detail + _fields(body.get("errors"), detail),
        retry_after_s=read_retry_after_s(response.headers.get("Retry-After")),
        request_id=response.headers.get("X-Request-Id"),
    )


def _body(response: httpx.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _bare(response: httpx.Response) -> str:
    """Say what an answer without a problem says; something before the server may have sent it."""
    try:
        phrase = HTTPStatus(response.status_code).phrase
    except ValueError:
        phrase = "unknown status"
    return f"{response.url.host} answered {response.status_code} ({phrase})."


def _fields(errors: object, detail: str) -> str:
    """Append what is wrong with single fields, unless the sentence says it already."""
    if not isinstance(errors, list):
        return ""
    notes = []
    for error in errors:
        if not isinstance(error, dict):
            continue
        name = error.get("field") or error.get("name") or error.get("pointer")
        note = error.get("detail") or error.get("message")
        if isinstance(note, str) and note not in detail:
            notes.append(f"{name}: {note}" if isinstance(name, str) else note)
    return f" ({'; '.join(notes)})" if notes else ""
