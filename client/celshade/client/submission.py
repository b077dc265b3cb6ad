"""What a submission carries besides photos: its form fields and its headers. Pure."""

import json
import secrets
from collections.abc import Mapping


def form_fields(
    values: Mapping[str, str | float | None], metadata: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Write parameters as form fields; what is None or empty is left to the server."""
    fields = {name: str(value) for name, value in values.items() if value is not None}
    if metadata:
        fields["metadata"] = json.dumps(dict(metadata))
    return fields


def request_headers(
    idempotency_key: str | None, *, no_cache: bool, cancel_after_s: int | None
) -> dict[str, str]:
    """Write what is said of the submission, not of the picture.

    Args:
        idempotency_key: A random one when None, so that repeating the request is always safe.
        no_cache: Render anew.
        cancel_after_s: Deadline from now, seconds.
    """
    headers = {"Idempotency-Key": idempotency_key or secrets.token_hex(16)}
    if no_cache:
        headers["Cache-Control"] = "no-cache"
    if cancel_after_s is not None:
        headers["Cancel-After"] = f"{cancel_after_s}s"
    return headers
