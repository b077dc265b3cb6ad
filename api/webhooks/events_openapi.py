"""OpenAPI descriptions of webhook events."""

from typing import Any

from api.openapi.events import Event
from common.schemas.events import BatchEventBody, JobEventBody

_ABOUT = (
    "Sent to the `webhook_url` of the submission, signed after Standard Webhooks: check it with a "
    "library of theirs and the secret of `/v1/webhooks/secret`. It may come twice."
)
_HEADERS = {
    "webhook-id": "The same at every attempt: who has seen it may pass over it.",
    "webhook-timestamp": "When it was sent, in seconds since the epoch.",
    "webhook-signature": "`v1,` and a signature, for each secret that is good.",
}
_RESPONSES: dict[str, Any] = {
    "2XX": {"description": "It has arrived."},
    "410": {"description": "Nothing more shall be sent to this address."},
    "default": {"description": "It is sent again later: after 5 s, 5 min, 30 min, 2, 5 and 10 h."},
}

_SUMMARIES = {
    "job.succeeded": "A job has its picture",
    "job.failed": "A job failed",
    "job.canceled": "A job was canceled",
    "job.expired": "A job's deadline passed",
    "batch.completed": "All jobs of a batch have ended",
}
EVENTS: dict[str, Event] = {
    name: Event(
        BatchEventBody if name.startswith("batch.") else JobEventBody,
        summary,
        _ABOUT,
        _HEADERS,
        _RESPONSES,
    )
    for name, summary in _SUMMARIES.items()
}
