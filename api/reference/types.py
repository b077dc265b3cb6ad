"""Types: a JSON Schema as a short phrase with links to the schemas it references. Pure."""

import json
import re

from markupsafe import Markup, escape

from api.openapi.models import SCHEMA_PREFIX
from api.openapi.operation import Schema


def anchor_of(name: str) -> str:
    """Return the anchor of a name within the page."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def type_of(schema: Schema) -> Markup:
    """Describe a schema, as HTML."""
    match schema:
        case {"allOf": [first, *_]}:
            return type_of(first)
        case {"anyOf": options}:
            return Markup(" or ").join(type_of(option) for option in options)
        case {"enum": values}:
            return Markup(" ").join(_code(value) for value in values)
        case {"const": value}:
            return _code(value)
        case _:
            return _kind(schema) + _extent(schema)


def _kind(schema: Schema) -> Markup:
    match schema:
        case {"$ref": ref}:
            name = ref.removeprefix(SCHEMA_PREFIX)
            return Markup('<a href="#{}">{}</a>').format(anchor_of(name), name)
        case {"type": "array", "items": items}:
            return Markup("list of ") + type_of(items)
        case {"additionalProperties": dict() as values}:
            return Markup("object of ") + type_of(values)
        case _:
            return escape(_word(schema))


def _word(schema: Schema) -> str:
    if schema.get("format") == "binary":
        return "bytes"
    if schema.get("contentMediaType") == "application/json":
        return "JSON"
    return str(schema.get("format") or schema.get("type") or "anything")


def _code(value: object) -> Markup:
    return Markup("<code>{}</code>").format(value if isinstance(value, str) else json.dumps(value))


def _extent(schema: Schema) -> Markup:
    """Describe the range and the default, if any."""
    found = []
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        found.append(f"{least} to {most}")
    elif least is not None:
        found.append(f"from {least}")
    if "maxItems" in schema:
        found.append(f"{schema['maxItems']:,} at most")
    if "default" in schema:
        found.append(f"default {schema['default']}")
    return escape("".join(f", {each}" for each in found))
