"""Conditional responses: ETags, 304, and when to poll again."""

import hashlib
import math
from http import HTTPStatus

from flask import Response, request

RETRY_AFTER_UNKNOWN_S = 5  # no worker serves that line now
MAX_RETRY_AFTER_S = 10


def etag_of(content: str | bytes) -> str:
    """Return an entity tag: the first 128 bits of the SHA-256, as 32 hexadecimal digits."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:32]


def state_response(
    text: str,
    *,
    etag: str,
    retry_after_s: int | None = None,
    waited: int | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Build the response that shows the present state of a resource.

    Args:
        text: The body, JSON.
        etag: The weak entity tag.
        retry_after_s: Pause before the next poll, seconds; None for a final state.
        waited: The applied `wait` preference, seconds.
        status: HTTP status.
    """
    headers = [("Cache-Control", "private, no-cache"), ("ETag", f'W/"{etag}"')]
    if retry_after_s is not None:
        headers.append(("Retry-After", str(retry_after_s)))
    if waited is not None:
        headers += [("Preference-Applied", f"wait={waited}"), ("Vary", "Prefer")]
    return Response(text, status, headers, content_type="application/json")


def only_if_changed(response: Response) -> Response:
    """Return 304 instead if the client already has this state.

    Without `If-None-Match` the costly check of dates and ranges is skipped: there are none.
    """
    if "If-None-Match" in request.headers:
        response.make_conditional(request.environ)
    return response


def retry_after_eta_s(eta_s: float | None) -> int:
    """Return the pause before the next poll, from the expected end; 1 to 10 seconds."""
    if eta_s is None:
        return RETRY_AFTER_UNKNOWN_S
    return max(1, min(MAX_RETRY_AFTER_S, math.ceil(eta_s)))
