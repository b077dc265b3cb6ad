"""The models of requests and responses as JSON Schema. Pure."""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.http.request_options import Fields
from api.openapi.operation import Schema

SCHEMA_PREFIX = "#/components/schemas/"
_SUFFIX = "Body"  # of the names of response models; left out of the document


class Models:
    """Every model of the document, and those it references.

    Args:
        models: The models of operations and events.
    """

    def __init__(self, models: Iterable[type[BaseModel]]) -> None:
        wanted = sorted(set(models), key=lambda model: model.__name__)
        pairs: list[tuple[type[BaseModel], JsonSchemaMode]] = [
            (model, "validation" if issubclass(model, Fields) else "serialization")
            for model in wanted
        ]
        found, whole = models_json_schema(pairs, ref_template=SCHEMA_PREFIX + "{model}")
        self._schemas: dict[str, Schema] = {
            _short_name(name): _tidy(schema) for name, schema in sorted(whole["$defs"].items())
        }
        self._refs: dict[type[BaseModel], Schema] = {
            model: _tidy(found[model, mode]) for model, mode in pairs
        }

    def ref(self, model: type[BaseModel]) -> Schema:
        """Return the reference to a model."""
        return self._refs[model]

    def fields(self, model: type[BaseModel]) -> Schema:
        """Return the schema of a form or query, which cannot contain null."""
        schema = self._schemas[self.ref(model)["$ref"].removeprefix(SCHEMA_PREFIX)]
        properties = {
            name: _without_null(field)
            for name, field in schema.get("properties", {}).items()
            if field.get("type") != "null"
        }
        return {**schema, "properties": properties}

    def components(self, used: str) -> dict[str, Schema]:
        """Return the referenced schemas, by name.

        Args:
            used: Whatever may reference them, as JSON.
        """
        found: dict[str, Schema] = {}
        texts = [used]
        while texts:
            text = texts.pop()
            for name, schema in self._schemas.items():
                if name not in found and f'"{SCHEMA_PREFIX}{name}"' in text:
                    found[name] = schema
                    texts.append(json.dumps(schema))
        return dict(sorted(found.items()))


def _short_name(name: str) -> str:
    return name.removesuffix(_SUFFIX)


def _tidy(schema: Any, *, are_names: bool = False) -> Any:
    """Remove the titles that pydantic generates, and shorten the names of models.

    Args:
        schema: A schema, or a part of one.
        are_names: Whether the keys are field names, not JSON Schema keywords.
    """
    if isinstance(schema, list):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _short_name(value) if key == "$ref" else _tidy(value, are_names=key == "properties")
        for key, value in schema.items()
        if are_names or key != "title"
    }


def _without_null(field: Schema) -> Schema:
    """Remove null from a schema: forms and queries leave the field out instead."""
    rest = {key: value for key, value in field.items() if key != "anyOf"}
    options = [option for option in field.get("anyOf", ()) if option.get("type") != "null"]
    if rest.get("default", "") is None:
        del rest["default"]
    match options:
        case []:
            return rest
        case [only]:
            return {**only, **rest}
        case _:
            return {"anyOf": options, **rest}
