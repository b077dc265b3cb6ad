"""An operation: what is said of one route besides what its code says already. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from api.http.request_options import Fields
from common.callers import Scope

JSON = "application/json"

Schema = dict[str, Any]

# The query of every signed link; nobody makes one up.
SIGNED_QUERY: tuple[Schema, ...] = tuple(
    {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
    for name in ("expires", "type", "filename", "signature")
)


class Tag(StrEnum):
    """What an operation is about."""

    JOBS = "Jobs"
    BATCHES = "Batches"
    ARCHIVES = "Archives"
    IMAGES = "Images"
    WEBHOOKS = "Webhooks"
    SERVICE = "Service"
    ADMIN = "Dead letters"
    FILES = "Signed links"


@dataclass(frozen=True, slots=True)
class Content:
    """What a body may be.

    Attributes:
        media_type: Its media type, or a range of them.
        model: What shapes or validates it, if it is JSON.
        schema: What it is otherwise.
        encoding: How single parts of a form are written.
        examples: Examples by their names in the document.
    """

    media_type: str = JSON
    model: type[BaseModel] | None = None
    schema: Schema = field(default_factory=dict)
    encoding: Mapping[str, Schema] = field(default_factory=dict)
    examples: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no error.

    Attributes:
        status: HTTP status.
        description: When it comes.
        contents: What its body may be; nothing for none.
        headers: Names in `headers.RESPONSE_HEADERS`, besides those that every answer has.
        links: What can be done next: an operation's id, its parameter, and the body's field that
            is meant.
    """

    status: HTTPStatus
    description: str
    contents: tuple[Content, ...] = ()
    headers: tuple[str, ...] = ()
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What may be sent as a body."""

    contents: tuple[Content, ...]
    is_required: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one address.

    Attributes:
        id: Name of the function in generated clients.
        tag: What it is about.
        summary: A few words.
        description: More of them, in Markdown.
        answers: Answers that are no errors.
        problems: Stable codes of its errors, besides those that all routes of its kind have.
        scope: What the caller's key must allow; None where nobody is asked for one.
        query: Validates its query.
        more_query: Parameters of the query that no model knows.
        headers: Names in `headers.REQUEST_HEADERS`.
        body: What may be sent.
        asks_job_store: Whether it needs the job store.
    """

    id: str
    tag: Tag
    summary: str
    description: str = ""
    answers: tuple[Answer, ...]
    problems: tuple[str, ...] = ()
    scope: Scope | None = Scope.JOBS
    query: type[Fields] | None = None
    more_query: tuple[Schema, ...] = ()
    headers: tuple[str, ...] = ()
    body: RequestBody | None = None
    asks_job_store: bool = True
