"""The page: all that the document says, in HTML that needs nothing else."""

import re
from html.parser import HTMLParser

import pytest

from api.openapi.operation import Schema
from api.reference.html import render
from api.reference.types import anchor_of, type_of

STYLE = "page/0123/css/reference.css"


class Elements(HTMLParser):
    """Every element of a page, with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def values(self, name: str) -> list[str]:
        """Return all values of an attribute."""
        return [attributes[name] or "" for _, attributes in self.found if name in attributes]


@pytest.fixture(scope="module")
def page(document: Schema) -> str:
    return render(document, style=STYLE)


def test_every_operation_and_schema_has_its_place(document: Schema, page: str) -> None:
    ids = Elements(page).values("id")

    assert len(set(ids)) == len(ids)
    for methods in [*document["paths"].values(), *document["webhooks"].values()]:
        assert {each["operationId"] for each in methods.values()} <= set(ids)
    assert {anchor_of(name) for name in document["components"]["schemas"]} <= set(ids)


def test_every_link_within_leads_somewhere(page: str) -> None:
    elements = Elements(page)
    within = {link.removeprefix("#") for link in elements.values("href") if link.startswith("#")}

    assert within <= set(elements.values("id"))


def test_it_needs_nothing_from_elsewhere_and_no_script(page: str) -> None:
    elements = Elements(page)

    assert {tag for tag, _ in elements.found} & {"script", "style", "iframe", "img"} == set()
    assert elements.values("style") == []
    assert [name for _, found in elements.found for name in found if name.startswith("on")] == []
    outside = {link for link in elements.values("href") if not link.startswith("#")}
    assert outside == {STYLE, "openapi.json"}


def test_what_stands_in_the_document_is_text() -> None:
    assert "<script>" not in type_of({"enum": ["<script>"]})


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (
            {"type": "integer", "minimum": 1, "maximum": 9, "default": 2},
            "integer, 1 to 9, default 2",
        ),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Job"}}, "list of Job"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object of number"),
        ({"enum": ["a", "b"]}, "a b"),
    ],
)
def test_types_are_said_in_words(schema: Schema, words: str) -> None:
    assert re.sub(r"<[^>]+>", "", type_of(schema)) == words
