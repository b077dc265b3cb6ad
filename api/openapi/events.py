"""Events: what the service sends to addresses that its callers named. Pure."""

from typing import Any, get_args

from pydantic import BaseModel

from api.openapi.models import Models
from api.openapi.operation import JSON, Schema, Tag
from common.answers.events import BatchEventBody, JobEventBody

MODELS: tuple[type[BaseModel], ...] = (JobEventBody, BatchEventBody)
_SUMMARIES = {
    "job.succeeded": "A job has its picture",
    "job.failed": "A job failed",
    "job.canceled": "A job was canceled",
    "job.expired": "A job's deadline passed",
    "batch.completed": "All jobs of a batch have ended",
}
_ABOUT = (
    "Sent to the `webhook_url` of the submission, signed after Standard Webhooks: check it with a "
    "library of theirs and the secret of `/v1/webhooks/secret`. It may come twice."
)
_HEADERS = {
    "webhook-id": "The same at every attempt: who has seen it may pass over it.",
    "webhook-timestamp": "When it was sent, in seconds since the epoch.",
    "webhook-signature": "`v1,` and a signature, for each secret that is good.",
}
_RESPONSES = {
    "2XX": {"description": "It has arrived."},
    "410": {"description": "Nothing more shall be sent to this address."},
    "default": {"description": "It is sent again later: after 5 s, 5 min, 30 min, 2, 5 and 10 h."},
}


def names_of(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the events that a model tells of."""
    names: tuple[str, ...] = get_args(model.model_fields["type"].annotation)
    return names


def described_events(models: Models) -> dict[str, Schema]:
    """Describe every event, by its name."""
    return {
        name: {"post": _event(name, models.ref(model))}
        for model in MODELS
        for name in names_of(model)
    }


def _event(name: str, ref: Schema) -> dict[str, Any]:
    own = {"properties": {"type": {"const": name}}}
    return {
        "operationId": f"on_{name.replace('.', '_')}",
        "tags": [Tag.WEBHOOKS.value],
        "summary": _SUMMARIES[name],
        "description": _ABOUT,
        "parameters": [
            {
                "name": header,
                "in": "header",
                "required": True,
                "description": text,
                "schema": {"type": "string"},
            }
            for header, text in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {JSON: {"schema": {"allOf": [ref, own]}}}},
        "responses": _RESPONSES,
        "security": [],
    }
