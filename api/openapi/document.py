"""The document: the whole service in OpenAPI 3.1. Pure."""

import json
from collections.abc import Iterator, Mapping
from itertools import chain

from pydantic import BaseModel
from werkzeug.routing import Map, Rule

from api.http.problem_schemas import ProblemBody
from api.openapi.events import Event, described_events
from api.openapi.headers import RESPONSE_HEADERS
from api.openapi.models import Models
from api.openapi.operation import Content, Operation, Schema, Tag
from api.openapi.paths import described, methods_of, path_of

OPENAPI = "3.1.0"
VERSION = "1"  # of the contract; changes within it are additive

TAGS = {
    Tag.JOBS: "One photo on its way to one picture: submit it, look at it until it has ended, "
    "fetch the picture.",
    Tag.BATCHES: "Many photos by one request, looked at and canceled as one.",
    Tag.ARCHIVES: "Pictures as one ZIP.",
    Tag.IMAGES: "Photos kept for jobs to come, so that one upload serves several styles.",
    Tag.WEBHOOKS: "Ends of jobs and batches, told to the address that was named with them.",
    Tag.SERVICE: "What the service is, takes and does, and whether it is well.",
    Tag.ADMIN: "For those who look after the service.",
    Tag.FILES: "Links that other answers hold: whoever has one may read, until it expires.",
}
ABOUT = (
    "Photos in, cartoons out. Errors are `application/problem+json` (RFC 9457) with a stable "
    "`code`. GET answers HEAD as well. Clients pass over fields they do not know, and take unknown "
    "states for open ones."
)
KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key. Until the first one is made, callers on this machine need none.",
}


def build(
    rules: Map,
    *,
    operations: Mapping[str, Operation],
    events: Mapping[str, Event],
    is_open: bool,
    public_url: str | None,
) -> Schema:
    """Build the document of an application.

    Args:
        rules: Its routes; one without an operation is left out.
        operations: The operations, by endpoint.
        events: The webhook events, by name.
        is_open: Whether it has no keys.
        public_url: The base of its links; None when they follow the request.
    """
    named = chain.from_iterable(map(_models_of, operations.values()))
    models = Models([ProblemBody, *(event.model for event in events.values()), *named])
    paths: dict[str, Schema] = {}
    for rule, operation in _routes(rules, operations):
        methods = paths.setdefault(path_of(rule), {})
        for method in methods_of(rule):
            methods[method] = described(rule, operation, models, is_open=is_open)
    webhooks = described_events(events, models)
    schemas = models.components(json.dumps([paths, webhooks]))
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Celshade",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url or "/"}],
        "tags": [{"name": tag.value, "description": text} for tag, text in TAGS.items()],
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": schemas,
            "examples": {
                name: {"value": value}
                for content in chain.from_iterable(map(_contents_of, operations.values()))
                for name, value in content.examples.items()
            },
            "headers": {name: header for name, (_, header) in RESPONSE_HEADERS.items()},
            "securitySchemes": {"key": KEY},
        },
    }


def _routes(rules: Map, operations: Mapping[str, Operation]) -> Iterator[tuple[Rule, Operation]]:
    """Yield the routes that have an operation, in the order of the operations."""
    by_endpoint = {rule.endpoint: rule for rule in rules.iter_rules()}
    for endpoint, operation in operations.items():
        if endpoint in by_endpoint:
            yield by_endpoint[endpoint], operation


def _contents_of(operation: Operation) -> list[Content]:
    contents = [content for response in operation.responses for content in response.contents]
    return contents + list(operation.body.contents if operation.body else ())


def _models_of(operation: Operation) -> Iterator[type[BaseModel]]:
    contents = _contents_of(operation)
    yield from (content.model for content in contents if content.model is not None)
    if operation.query is not None:
        yield operation.query
