"""Conditional answers: ETags, 304, and when to look again at something that still changes."""

import hashlib
import math
from http import HTTPStatus

from flask import Response, request

RETRY_AFTER_UNKNOWN_S = 5  # nobody works on that line now
MAX_RETRY_AFTER_S = 10


def etag_of(content: str | bytes) -> str:
    """Return an entity tag for a content: 128 bits of its SHA-256, 32 hexadecimal digits."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:32]


def present_state(
    text: str,
    *,
    etag: str,
    retry_after_s: int | None = None,
    waited: int | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Show something as it is now.

    Args:
        text: What is shown, as JSON.
        etag: Names this state, weakly.
        retry_after_s: When looking again makes sense, seconds; None when nothing changes any more.
        waited: The wait that the answer was held back for at most, seconds.
        status: HTTP status.
    """
    headers = [("Cache-Control", "private, no-cache"), ("ETag", f'W/"{etag}"')]
    if retry_after_s is not None:
        headers.append(("Retry-After", str(retry_after_s)))
    if waited is not None:
        headers += [("Preference-Applied", f"wait={waited}"), ("Vary", "Prefer")]
    return Response(text, status, headers, content_type="application/json")


def only_if_changed(response: Response) -> Response:
    """Answer 304 to who asked for what has changed, when nothing has.

    Others are spared the look at the answer's age and ranges, of which it has none.
    """
    if "If-None-Match" in request.headers:
        response.make_conditional(request.environ)
    return response


def retry_after_eta_s(eta_s: float | None) -> int:
    """Say when looking again makes sense, from when the end is expected; 1 to 10 seconds."""
    if eta_s is None:
        return RETRY_AFTER_UNKNOWN_S
    return max(1, min(MAX_RETRY_AFTER_S, math.ceil(eta_s)))
