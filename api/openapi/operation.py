"""Operations: the description of a route, besides what its code defines. Pure."""

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

# The query of every signed link; clients never build one.
SIGNED_QUERY: tuple[Schema, ...] = tuple(
    {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
    for name in ("expires", "type", "filename", "signature")
)


class Tag(StrEnum):
    """The group of an operation."""

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
    """One content type of a body.

    Attributes:
        media_type: Its media type, or a range.
        model: The model that serializes or validates it, if any.
        schema: Its schema otherwise; for a form, the fields besides those of the model.
        encoding: Encodings of the parts of a form.
        examples: Examples, by their names in the document.
    """

    media_type: str = JSON
    model: type[BaseModel] | None = None
    schema: Schema = field(default_factory=dict)
    encoding: Mapping[str, Schema] = field(default_factory=dict)
    examples: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """A response that is not an error.

    Attributes:
        status: HTTP status.
        description: When it is sent.
        contents: Content types of its body; empty without a body.
        headers: Names in `headers.RESPONSE_HEADERS`, besides those of every response.
        links: Possible next operations: an operation id, its parameter, and the field of the body
            with its value.
    """

    status: HTTPStatus
    description: str
    contents: tuple[Content, ...] = ()
    headers: tuple[str, ...] = ()
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The body of a request."""

    contents: tuple[Content, ...]
    is_required: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path.

    Attributes:
        id: Name of the function in generated clients.
        tag: Its group.
        summary: A short summary.
        description: A description, in Markdown.
        responses: Responses that are not errors.
        problems: Stable codes of its errors, besides the common ones.
        scope: Scope that the key must have; None where no key is needed.
        query: Model of its query.
        more_query: Parameters of the query outside the model.
        headers: Names in `headers.REQUEST_HEADERS`.
        body: The body of the request.
        asks_job_store: Whether it needs the job store.
    """

    id: str
    tag: Tag
    summary: str
    description: str = ""
    responses: tuple[Response, ...]
    problems: tuple[str, ...] = ()
    scope: Scope | None = Scope.JOBS
    query: type[Fields] | None = None
    more_query: tuple[Schema, ...] = ()
    headers: tuple[str, ...] = ()
    body: RequestBody | None = None
    asks_job_store: bool = True
