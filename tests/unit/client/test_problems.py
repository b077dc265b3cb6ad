"""Answers that are no success become one sentence."""

import httpx
import pytest

from celshade.client.errors import BadAnswer, Refused
from celshade.client.problems import problem_of

REQUEST = httpx.Request("GET", "http://cartoons.example/v1/jobs")


def refused(response: httpx.Response) -> Refused:
    error = problem_of(response)
    assert isinstance(error, Refused)
    return error


def test_a_problem_keeps_its_code_sentence_and_request() -> None:
    body = {"code": "queue_full", "detail": "The service is full.", "status": 503}
    headers = {"Retry-After": "4", "X-Request-Id": "r1"}
    error = refused(httpx.Response(503, json=body, headers=headers, request=REQUEST))
    assert (error.status, error.code, str(error)) == (503, "queue_full", "The service is full.")
    assert (error.retry_after_s, error.request_id, error.passes) == (4.0, "r1", True)


def test_fields_at_fault_are_named_once() -> None:
    errors = [{"field": "size", "detail": "at most 2048"}, {"field": "x", "detail": "wrong"}]
    body = {"code": "invalid_param", "detail": "size: at most 2048", "errors": errors}
    error = refused(httpx.Response(422, json=body, request=REQUEST))
    assert str(error) == "size: at most 2048 (x: wrong)"


@pytest.mark.parametrize(
    "body", [b"<html>Bad gateway</html>", b"", b"[1]", b'{"code": 5}', b"\xff"]
)
def test_what_is_no_problem_is_reported_by_its_status(body: bytes) -> None:
    error = refused(httpx.Response(502, content=body, request=REQUEST))
    assert (error.code, error.passes) == ("http_502", True)
    assert str(error) == "cartoons.example answered 502 (Bad Gateway)."


def test_a_redirect_is_not_followed_but_reported() -> None:
    response = httpx.Response(301, headers={"Location": "https://new.example/"}, request=REQUEST)
    error = problem_of(response)
    assert isinstance(error, BadAnswer)
    assert "https://new.example/" in str(error)
