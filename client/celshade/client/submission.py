"""Options of a submission, and how they are written: as form fields and as headers. Pure."""

import json
import secrets
from collections.abc import Mapping
from typing import TypedDict


class SubmitOptions(TypedDict, total=False):
    """What a submission asks for; an option left out, or None, is the server's default.

    In a batch each option applies to every photo, except that `idempotency_key` and `webhook_url`
    are those of the batch as a whole.

    Attributes:
        style: Name of a style, see `Client.styles`.
        strength: 0 (the photo) to 1 (the cartoon).
        size: Long side of the picture, pixels; never larger than the photo's own.
        format: `jpeg`, `png` or `webp`.
        quality: 1 to 100, where the format has one.
        priority: `low`, `normal` or `high` among the caller's own jobs.
        metadata: Kept with the job as it is.
        idempotency_key: Names this submission for 24 h; the same key with the same photos gives the
            same job or batch. A random one when left out.
        no_cache: Render again even if the picture is known.
        cancel_after_s: Deadline, whole seconds: of a job from its submission, of each photo of a
            batch from its arrival.
        webhook_url: Where the end is reported, see `celshade.client.webhooks`.
    """

    style: str | None
    strength: float | None
    size: int | None
    format: str | None
    quality: int | None
    priority: str | None
    metadata: Mapping[str, str] | None
    idempotency_key: str | None
    no_cache: bool
    cancel_after_s: int | None
    webhook_url: str | None


_OPTIONS = SubmitOptions.__annotations__.keys()
_IN_HEADERS = frozenset({"idempotency_key", "no_cache", "cancel_after_s"})
_FIELDS = tuple(name for name in _OPTIONS if name not in _IN_HEADERS | {"metadata"})


def form_fields(options: SubmitOptions) -> dict[str, str]:
    """Write options as form fields; what is None or empty is left to the server.

    Raises:
        TypeError: There is no such option.
    """
    for name in options:
        if name not in _OPTIONS:
            raise TypeError(f"submit() got an unexpected keyword argument '{name}'")
    values = {name: options.get(name) for name in _FIELDS}
    fields = {name: str(value) for name, value in values.items() if value is not None}
    metadata = options.get("metadata")
    if metadata:
        fields["metadata"] = json.dumps(dict(metadata))
    return fields


def request_headers(options: SubmitOptions) -> dict[str, str]:
    """Write the options of the request rather than of the picture as headers.

    There is always an Idempotency-Key, so that repeating the request is safe.
    """
    headers = {"Idempotency-Key": options.get("idempotency_key") or secrets.token_hex(16)}
    if options.get("no_cache"):
        headers["Cache-Control"] = "no-cache"
    cancel_after_s = options.get("cancel_after_s")
    if cancel_after_s is not None:
        headers["Cancel-After"] = f"{cancel_after_s}s"
    return headers
