"""Paths: a route in the document, from its rule, operation and models. Pure."""

import re
from typing import Any

from werkzeug.routing import Rule

from api.openapi.errors import headers, needs_admin, problem_responses, security_of
from api.openapi.headers import RATE_LIMIT, REQUEST_HEADERS, REQUEST_ID
from api.openapi.models import Models
from api.openapi.operation import JSON, Content, Operation, RequestBody, Response, Schema
from common.jobs import ID_PATTERN

LIMITED = "/v1/"  # requests below it count against the rate limit
_VARIABLE = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
_IMPLIED = {"HEAD", "OPTIONS"}
_ADMIN = "Needs a key with the scope `admin`."


def path_of(rule: Rule) -> str:
    """Return the path of a rule in OpenAPI syntax."""
    return _VARIABLE.sub(r"{\1}", rule.rule)


def methods_of(rule: Rule) -> list[str]:
    """Return the documented methods of a rule; HEAD and OPTIONS follow from the others."""
    return sorted(method.lower() for method in (rule.methods or set()) - _IMPLIED)


def described(rule: Rule, operation: Operation, models: Models, *, is_open: bool) -> Schema:
    """Describe one operation.

    Args:
        rule: Its route.
        operation: Its operation.
        models: The models of the document.
        is_open: Whether the service has no keys.
    """
    is_limited = rule.rule.startswith(LIMITED)
    responses: dict[str, Schema] = {}
    for response in operation.responses:
        responses[str(response.status.value)] = _response(response, models, is_limited=is_limited)
    found: Schema = {
        "operationId": operation.id,
        "tags": [operation.tag.value],
        "summary": operation.summary,
        "description": _description(operation),
        "parameters": _parameters(rule, operation, models),
        "requestBody": _body(operation.body, models) if operation.body else None,
        "responses": {**responses, **problem_responses(operation, is_limited=is_limited)},
        "security": security_of(operation, is_open=is_open),
    }
    return {key: value for key, value in found.items() if value or key == "security"}


def _description(operation: Operation) -> str:
    parts = [operation.description, _ADMIN if needs_admin(operation) else ""]
    return " ".join(part for part in parts if part)


def _parameters(rule: Rule, operation: Operation, models: Models) -> list[Schema]:
    found = [_in_path(name) for name in _VARIABLE.findall(rule.rule)]
    if operation.query is not None:
        found += _in_query(models.fields(operation.query))
    found += operation.more_query
    found += [{"name": name, "in": "header", **REQUEST_HEADERS[name]} for name in operation.headers]
    return found


def _in_path(name: str) -> Schema:
    schema: Schema = {"type": "string"}
    if name.endswith("_id"):
        schema["pattern"] = ID_PATTERN
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(fields: Schema) -> list[Schema]:
    found = []
    for name, field in fields["properties"].items():
        schema = {key: value for key, value in field.items() if key != "description"}
        parameter: dict[str, Any] = {"name": name, "in": "query"}
        if "description" in field:
            parameter["description"] = field["description"]
        if name in fields.get("required", ()):
            parameter["required"] = True
        found.append(parameter | _serialized(schema))
    return found


def _serialized(schema: Schema) -> Schema:
    """Describe how a parameter is serialized: JSON or plain text."""
    if schema.get("contentMediaType") == JSON:
        return {"content": {JSON: {"schema": schema["contentSchema"]}}}
    return {"schema": schema}


def _body(body: RequestBody, models: Models) -> Schema:
    found: Schema = {
        "required": body.is_required,
        "content": {each.media_type: _request_content(each, models) for each in body.contents},
    }
    return {"description": body.description, **found} if body.description else found


def _request_content(content: Content, models: Models) -> Schema:
    """Describe a request body; a form combines a model with other fields."""
    if content.model is not None and not content.schema:
        return _with_examples(models.ref(content.model), content)
    schema = content.schema
    if content.model is not None:
        fields = models.fields(content.model)
        properties = {name: _field(field) for name, field in fields["properties"].items()}
        properties |= schema.get("properties", {})
        schema = {"type": "object", **schema, "properties": properties}
        schema["additionalProperties"] = fields.get("additionalProperties", True)
    found = _with_examples(schema, content)
    return {**found, "encoding": dict(content.encoding)} if content.encoding else found


def _field(field: Schema) -> Schema:
    """Describe a field of a form; JSON is the default encoding of an object there."""
    if field.get("contentMediaType") == JSON:
        return {**field["contentSchema"], "description": field.get("description", "")}
    return field


def _response(response: Response, models: Models, *, is_limited: bool) -> Schema:
    names = [REQUEST_ID, *(RATE_LIMIT if is_limited else ()), *response.headers]
    found: Schema = {"description": response.description, "headers": headers(names)}
    if response.contents:
        found["content"] = {
            each.media_type: _with_examples(
                each.schema if each.model is None else models.ref(each.model), each
            )
            for each in response.contents
        }
    if response.links:
        found["links"] = {
            id_: {"operationId": id_, "parameters": {name: f"$response.body#/{field}"}}
            for id_, (name, field) in response.links.items()
        }
    return found


def _with_examples(schema: Schema, content: Content) -> Schema:
    if not content.examples:
        return {"schema": schema}
    examples = {name: {"$ref": f"#/components/examples/{name}"} for name in content.examples}
    return {"schema": schema, "examples": examples}
