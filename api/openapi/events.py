"""Events: webhook events in the document. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from api.openapi.models import Models
from api.openapi.operation import JSON, Schema, Tag


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event.

    Attributes:
        model: Model of its body; the field `type` contains its name.
        summary: A short summary.
        description: A description, in Markdown.
        headers: Descriptions of its headers, by name.
        responses: Meanings of the receiver's responses.
    """

    model: type[BaseModel]
    summary: str
    description: str
    headers: Mapping[str, str]
    responses: Schema


def described_events(events: Mapping[str, Event], models: Models) -> dict[str, Schema]:
    """Describe every event, by its name."""
    return {name: {"post": _described(name, event, models)} for name, event in events.items()}


def _described(name: str, event: Event, models: Models) -> Schema:
    own = {"properties": {"type": {"const": name}}}
    body = {"allOf": [models.ref(event.model), own]}
    return {
        "operationId": f"on_{name.replace('.', '_')}",
        "tags": [Tag.WEBHOOKS.value],
        "summary": event.summary,
        "description": event.description,
        "parameters": [
            {
                "name": header,
                "in": "header",
                "required": True,
                "description": text,
                "schema": {"type": "string"},
            }
            for header, text in event.headers.items()
        ],
        "requestBody": {"required": True, "content": {JSON: {"schema": body}}},
        "responses": event.responses,
        "security": [],
    }
