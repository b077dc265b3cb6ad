"""Problems: every error has its status, and no answer tells what it should not."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from flask import Flask
from werkzeug.exceptions import ImATeapot

from api.http import problems
from api.http.request_options import InvalidParameters
from common import errors
from common.errors import CelshadeError, RenderError, ServiceError


def classes_below(root: type[CelshadeError]) -> Iterator[type[CelshadeError]]:
    """Yield a class and everything derived from it."""
    yield root
    for child in root.__subclasses__():
        yield from classes_below(child)


OURS = [
    each for each in classes_below(CelshadeError) if each.__module__.startswith(errors.__name__)
]


@pytest.fixture
def app() -> Iterator[Flask]:
    """An application within one of whose requests a test runs."""
    app = Flask("test")
    with app.test_request_context("/v1/jobs"):
        yield app


def test_every_error_has_a_status(app: Flask) -> None:
    for kind in OURS:
        answer = problems.error_response(kind())
        body = answer.get_json()
        assert answer.mimetype == problems.MEDIA_TYPE, kind
        assert body["status"] == answer.status_code == problems.STATUSES[kind.code], kind
        assert body["instance"] == "/v1/jobs", kind
        assert body["title"] == HTTPStatus(answer.status_code).phrase, kind


def test_no_row_of_the_table_is_idle() -> None:
    of_werkzeug = {"method_not_allowed", "range_not_satisfiable"}
    of_gunicorn = {"uri_too_long", "headers_too_large"}
    assert {each.code for each in OURS} | of_werkzeug | of_gunicorn == set(problems.STATUSES)


@pytest.mark.parametrize(
    "error", [ValueError("password 1234"), RenderError("at /secret/path"), KeyError("token")]
)
def test_what_is_unknown_is_told_to_nobody(app: Flask, error: Exception) -> None:
    answer = problems.error_response(error)
    assert answer.status_code == 500
    assert answer.get_json()["code"] == "internal"
    assert answer.get_json()["detail"] == CelshadeError.default
    assert not any(word in answer.get_data(as_text=True) for word in ("1234", "secret", "token"))


def test_an_unavailable_service_always_says_when_to_come_back(app: Flask) -> None:
    assert (
        problems.error_response(ServiceError()).status_code == 500
    )  # the branch itself is never raised
    for kind in ServiceError.__subclasses__():
        assert int(problems.error_response(kind()).headers["Retry-After"]) > 0
    assert problems.error_response(errors.QueueFull(retry_after_s=7)).headers["Retry-After"] == "7"


def test_a_missing_key_is_asked_for(app: Flask) -> None:
    answer = problems.error_response(errors.Unauthorized())
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_fields_at_fault_are_named(app: Flask) -> None:
    one = problems.error_response(errors.InvalidParam("Too much.", field="size")).get_json()
    assert one["errors"] == [{"field": "size", "message": "Too much."}]
    two = problems.error_response(InvalidParameters((("a", "One."), ("b", "Two.")))).get_json()
    assert [fault["field"] for fault in two["errors"]] == ["a", "b"]
    assert problems.error_response(errors.NotFound()).get_json()["errors"] == []


def test_an_http_error_without_a_code_of_ours_goes_by_its_phrase(app: Flask) -> None:
    answer = problems.error_response(ImATeapot())
    assert (answer.status_code, answer.get_json()["code"]) == (418, "im_a_teapot")
