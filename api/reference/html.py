"""The reference page: the document as one HTML page, without scripts or external files.

All content comes from the document, so both always agree. Readers search with the browser; examples
are collapsed.
"""

import json
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api.http.problems import MEDIA_TYPE, STATUSES
from api.openapi.errors import MEANINGS, USUAL
from api.openapi.operation import JSON, Schema
from api.reference.types import anchor_of, type_of

_FOLDER = Path(__file__).parent
_CODE = re.compile(r"`([^`]+)`")


def render(document: Schema, *, style: str) -> str:
    """Render the page.

    Args:
        document: The document, from `document.build`.
        style: Path of the stylesheet, relative to the page.
    """
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"prose": _prose, "broken": _broken}
    return environment.get_template("reference.html").render(
        info=document["info"],
        style=style,
        sections=_sections(document),
        usual=[(STATUSES[code].value, code, MEANINGS[code]) for code in USUAL],
        schemas=[
            {"name": name, **_schema(name, schema)}
            for name, schema in document["components"]["schemas"].items()
        ],
    )


def _prose(text: str) -> Markup:
    """Render a text as HTML: backquoted parts are code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _broken(path: str) -> Markup:
    """Allow line breaks after the slashes of a path."""
    return Markup(str(escape(path)).replace("/", "/<wbr>"))  # noqa: S704 - escaped before


def _sections(document: Schema) -> list[dict[str, Any]]:
    """Return the operations, grouped by tag."""
    listed = [
        {"tag": operation["tags"][0], **_operation(path, method, operation, document)}
        for path, methods in [*document["paths"].items(), *document["webhooks"].items()]
        for method, operation in methods.items()
    ]
    return [
        {
            "name": tag["name"],
            "anchor": anchor_of(tag["name"]),
            "description": tag["description"],
            "operations": [each for each in listed if each["tag"] == tag["name"]],
        }
        for tag in document["tags"]
    ]


def _operation(path: str, method: str, operation: Schema, document: Schema) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "parameters": [_parameter(each) for each in operation.get("parameters", ())],
        "contents": _contents(body, document),
        "answers": [
            {
                "status": status,
                "description": response["description"],
                "headers": list(response.get("headers", ())),
                "contents": _contents(response.get("content", {}), document),
            }
            for status, response in operation["responses"].items()
            if not _is_usual(response)
        ],
    }


def _is_usual(response: Schema) -> bool:
    """Whether a response contains only codes that are listed once for all operations."""
    problem = response.get("content", {}).get(MEDIA_TYPE)
    if problem is None:
        return False
    return set(problem["schema"]["allOf"][1]["properties"]["code"]["enum"]) <= set(USUAL)


def _parameter(parameter: Schema) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "is_required": parameter.get("required", False),
        "type": type_of(parameter.get("schema") or parameter["content"][JSON]["schema"]),
        "description": parameter.get("description", ""),
    }


def _contents(contents: Schema, document: Schema) -> list[dict[str, Any]]:
    known = document["components"]["examples"]
    found = []
    for media_type, content in contents.items():
        names = [ref["$ref"].rpartition("/")[2] for ref in content.get("examples", {}).values()]
        found.append(
            {
                "media_type": media_type,
                "type": type_of(content["schema"]),
                "fields": _fields(content["schema"]),
                "examples": [(name, json.dumps(known[name]["value"], indent=1)) for name in names],
            }
        )
    return found


def _schema(name: str, schema: Schema) -> dict[str, Any]:
    return {
        "anchor": anchor_of(name),
        "description": schema.get("description", ""),
        "type": type_of(schema),
        "fields": _fields(schema),
    }


def _fields(schema: Schema) -> list[dict[str, Any]]:
    """Return the fields of an object; none for anything else."""
    return [
        {
            "name": name,
            "place": "",
            "is_required": False,
            "type": type_of(field),
            "description": field.get("description", ""),
        }
        for name, field in schema.get("properties", {}).items()
    ]
