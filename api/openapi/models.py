"""The models as JSON Schema: those that shape answers, and those that validate requests. Pure."""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.http.request_options import Fields
from api.openapi.operation import Schema

PLACE = "#/components/schemas/"
_SUFFIX = "Body"  # what answers' models are called; readers of the document need not see it


class Models:
    """Every model of the document, and what each refers to.

    Args:
        models: Those that are named by an operation.
    """

    def __init__(self, models: Iterable[type[BaseModel]]) -> None:
        wanted = sorted(set(models), key=lambda model: model.__name__)
        pairs: list[tuple[type[BaseModel], JsonSchemaMode]] = [
            (model, "validation" if issubclass(model, Fields) else "serialization")
            for model in wanted
        ]
        found, whole = models_json_schema(pairs, ref_template=PLACE + "{model}")
        self._schemas: dict[str, Schema] = {
            _named(name): _tidy(schema) for name, schema in sorted(whole["$defs"].items())
        }
        self._refs: dict[type[BaseModel], Schema] = {
            model: _tidy(found[model, mode]) for model, mode in pairs
        }

    def ref(self, model: type[BaseModel]) -> Schema:
        """Point to a model."""
        return self._refs[model]

    def fields(self, model: type[BaseModel]) -> Schema:
        """Return a model of a form or a query, where there is no null."""
        schema = self._schemas[self.ref(model)["$ref"].removeprefix(PLACE)]
        properties = {
            name: _without_null(field)
            for name, field in schema.get("properties", {}).items()
            if field.get("type") != "null"
        }
        return {**schema, "properties": properties}

    def components(self, used: str) -> dict[str, Schema]:
        """Return the schemas that something refers to, by name.

        Args:
            used: What may refer to them, as JSON.
        """
        found: dict[str, Schema] = {}
        texts = [used]
        while texts:
            text = texts.pop()
            for name, schema in self._schemas.items():
                if name not in found and f'"{PLACE}{name}"' in text:
                    found[name] = schema
                    texts.append(json.dumps(schema))
        return dict(sorted(found.items()))


def _named(name: str) -> str:
    return name.removesuffix(_SUFFIX)


def _tidy(schema: Any, *, are_names: bool = False) -> Any:
    """Leave out the titles that pydantic makes of names, and call the models by their short names.

    Args:
        schema: A schema, or a part of one.
        are_names: Whether the keys are names of fields and not words of JSON Schema.
    """
    if isinstance(schema, list):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _named(value) if key == "$ref" else _tidy(value, are_names=key == "properties")
        for key, value in schema.items()
        if are_names or key != "title"
    }


def _without_null(field: Schema) -> Schema:
    """Turn "this or null" into this: forms and queries leave out what is not meant."""
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
