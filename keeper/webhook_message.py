"""The body of a webhook and its signature, after Standard Webhooks, with its own library. Pure.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from standardwebhooks import Webhook

from common.schemas.base import Moment, moment

MAX_BODY_BYTES = 20_000
# What is left out of a body that is too long, in this order; `GET /v1/jobs/{id}` has all of it.
_SPARED: tuple[tuple[str, Any], ...] = (("execution", None), ("metadata", {}), ("error", None))


class _Envelope(BaseModel):
    """The payload that Standard Webhooks proposes."""

    type: str
    timestamp: Moment
    data: dict[str, Any]


def compose(event: str, made_ms: int, body: BaseModel) -> bytes:
    """Write a webhook's body, never longer than `MAX_BODY_BYTES`.

    Args:
        event: Such as `job.succeeded`.
        made_ms: When it happened, milliseconds since the epoch.
        body: What it happened to.
    """
    data = json.loads(body.model_dump_json())
    written = _write(event, made_ms, data)
    for name, nothing in _SPARED:
        if len(written) <= MAX_BODY_BYTES:
            break
        if name in data:
            data[name] = nothing
            written = _write(event, made_ms, data)
    return written


def headers(
    webhook_id: str, body: bytes, *, secrets: Iterable[str], at: datetime
) -> dict[str, str]:
    """Return the headers of a webhook, one signature for each secret.

    Args:
        webhook_id: The same at every attempt.
        body: What is sent.
        secrets: Each `whsec_...`.
        at: When it is sent, in UTC.
    """
    text = body.decode()
    signatures = [Webhook(secret).sign(webhook_id, at, text) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _write(event: str, made_ms: int, data: dict[str, Any]) -> bytes:
    made = moment(made_ms)
    return (
        _Envelope.model_validate({"type": event, "timestamp": made, "data": data})
        .model_dump_json()
        .encode()
    )
