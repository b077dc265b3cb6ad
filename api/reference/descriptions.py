"""Descriptions: the OpenAPI document and its HTML page, rendered on first use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.routing import Map

from api.http.conditional import etag_of
from api.openapi.document import build
from api.openapi.events import Event
from api.openapi.operation import Operation
from api.reference.html import render


@dataclass(frozen=True, slots=True)
class Text:
    """A response body and its entity tag."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, text: str) -> "Text":
        """Encode a text and compute its tag."""
        body = text.encode()
        return cls(body, etag_of(body))


class Descriptions:
    """The descriptions of an application. Safe to use from several threads.

    Args:
        rules: Its routes; complete by the first use.
        operations: The operations, by endpoint.
        events: The webhook events, by name.
        public_url: The base of its links; None when they follow the request.
        style: Path of the stylesheet, relative to the page.
    """

    def __init__(
        self,
        rules: Map,
        *,
        operations: Mapping[str, Operation],
        events: Mapping[str, Event],
        public_url: str | None,
        style: str,
    ) -> None:
        self._rules = rules
        self._operations = operations
        self._events = events
        self._public_url = public_url
        self._style = style
        self._written: dict[bool, tuple[Text, Text]] = {}

    def document(self, *, is_open: bool) -> Text:
        """Return the document as JSON, for a service with or without keys."""
        return self._texts(is_open)[0]

    def page(self, *, is_open: bool) -> Text:
        """Return the document as an HTML page."""
        return self._texts(is_open)[1]

    def _texts(self, is_open: bool) -> tuple[Text, Text]:
        """Render both on first use; two threads at once render the same."""
        if is_open not in self._written:
            found = build(
                self._rules,
                operations=self._operations,
                events=self._events,
                is_open=is_open,
                public_url=self._public_url,
            )
            page = render(found, style=self._style)
            self._written[is_open] = Text.of(json.dumps(found)), Text.of(page)
        return self._written[is_open]
