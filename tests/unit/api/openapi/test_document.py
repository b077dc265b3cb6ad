"""The document: whole, valid, and of the same words as the code."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.app import OPERATIONS
from api.archives import openapi as archives
from api.archives.schemas import ArchiveParameters
from api.batches import examples as batches
from api.batches.schemas import BatchBody
from api.http.problems import MEDIA_TYPE, STATUSES
from api.http.request_options import parse_span_s
from api.images import examples as images
from api.images.schemas import ImageBody
from api.jobs import examples as jobs
from api.openapi.errors import MEANINGS
from api.openapi.headers import SPAN_PATTERN
from api.openapi.operation import Schema
from api.openapi.paths import methods_of, path_of
from common.errors import InvalidParam
from common.schemas.job import JobBody
from keeper.webhook_message import compose
from tests.unit.api.conftest import document_of

EXAMPLES = archives.EXAMPLES | batches.EXAMPLES | images.EXAMPLES | jobs.EXAMPLES
PAGES = "pages"  # the blueprint of the files that pages are made of
NO_ANSWERS = {  # causes of failed jobs; and what only a process at its start ends with
    "decode_failed",
    "out_of_memory",
    "execution_timeout",
    "worker_lost",
    "storage_error",
    "configuration",
}
NO_OPERATION = {"method_not_allowed"}  # an answer where there is no operation
SPANS = ["30", "30s", "5m", "2h", "1h30m", "1H30M5S", "0h1s", "86400"]
NO_SPANS = ["", "h", "5d", "-1", "1.5h", "30m1h", "s", "1m30"]


def operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Yield path, method and description of every operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_route_is_in_it_and_nothing_else(app: Flask, document: Schema) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if not rule.endpoint.startswith(PAGES)]
    routes = {(path_of(rule), method) for rule in rules for method in methods_of(rule)}

    assert {(path, method) for path, method, _ in operations(document)} == routes
    assert {rule.endpoint for rule in rules} == OPERATIONS.keys()


def test_it_is_openapi_3_1(document: Schema) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_operation_can_be_a_function(document: Schema) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(set(ids)) == len(ids)
    assert [id_ for id_ in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)*", id_)] == []


def test_every_operation_has_its_tag_and_every_tag_its_operations(document: Schema) -> None:
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}

    assert used == {tag["name"] for tag in document["tags"]}


def test_every_code_is_explained() -> None:
    assert MEANINGS.keys() == STATUSES.keys() - NO_ANSWERS - NO_OPERATION


def test_every_code_is_answered_somewhere(document: Schema) -> None:
    found = set()
    for _, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            if MEDIA_TYPE in answer.get("content", {}):
                own = answer["content"][MEDIA_TYPE]["schema"]["allOf"][1]["properties"]
                assert own["status"]["const"] == int(status)
                assert {STATUSES[code].value for code in own["code"]["enum"]} == {int(status)}
                found |= set(own["code"]["enum"])

    assert found == MEANINGS.keys()


@pytest.mark.parametrize("is_open", [True, False])
def test_a_key_is_wanted_only_where_there_are_keys(app: Flask, is_open: bool) -> None:
    document = document_of(app, is_open=is_open)

    assert document["paths"]["/healthz"]["get"]["security"] == []
    wanted: list[Schema] = [{"key": []}, {}] if is_open else [{"key": []}]
    assert document["paths"]["/v1/jobs"]["post"]["security"] == wanted


def test_events_are_sent_as_the_document_says(document: Schema) -> None:
    made_ms = 1_767_323_047_321
    events = {"job.succeeded": EXAMPLES["succeeded-job"], "job.expired": EXAMPLES["queued-job"]}
    for event, example in events.items():
        sent = json.loads(compose(event, made_ms, JobBody.model_validate(example)))
        content = document["webhooks"][event]["post"]["requestBody"]["content"]
        validator = Draft202012Validator({**content["application/json"]["schema"], **document})

        assert validator.is_valid(sent)
        assert not validator.is_valid({**sent, "type": "job.lost"})
        assert not validator.is_valid({**sent, "data": {}})


def test_it_says_where_the_service_is(app: Flask) -> None:
    public = document_of(app, is_open=False, public_url="https://cartoons.example/api")

    assert public["servers"] == [{"url": "https://cartoons.example/api"}]


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("queued-job", JobBody),
        ("succeeded-job", JobBody),
        ("running-batch", BatchBody),
        ("kept-image", ImageBody),
        ("one-job", ArchiveParameters),
    ],
)
def test_examples_are_of_their_models(name: str, model: type[Any]) -> None:
    read = model.model_validate(EXAMPLES[name])

    assert read.model_dump(mode="json") == EXAMPLES[name]


def test_every_example_is_tried() -> None:
    tried = test_examples_are_of_their_models.pytestmark[0].args[1]

    assert {name for name, _ in tried} == EXAMPLES.keys()


def test_schemas_have_plain_names(document: Schema) -> None:
    """Models of one name would be told apart by the paths of their modules."""
    names = document["components"]["schemas"]

    assert [name for name in names if not re.fullmatch("[A-Z][A-Za-z0-9]*", name)] == []


def test_the_document_holds_every_example(document: Schema) -> None:
    shown = {name: each["value"] for name, each in document["components"]["examples"].items()}

    assert shown == EXAMPLES


@pytest.mark.parametrize("name", ["queued-job", "succeeded-job"])
def test_jobs_are_what_the_document_says(document: Schema, name: str) -> None:
    schema = {"$ref": "#/components/schemas/Job", **document}
    validator = Draft202012Validator(schema)

    assert validator.is_valid(EXAMPLES[name])
    for field in ("id", "urls", "cache"):
        assert not validator.is_valid({**EXAMPLES[name], field: 1})
        assert not validator.is_valid({k: v for k, v in EXAMPLES[name].items() if k != field})


@pytest.mark.parametrize("text", SPANS + NO_SPANS)
def test_deadlines_are_described_as_they_are_read(text: str) -> None:
    try:
        parse_span_s(text, 86_400)
    except InvalidParam:
        is_read = False
    else:
        is_read = True

    assert is_read == (text in SPANS) == bool(re.search(SPAN_PATTERN, text))
