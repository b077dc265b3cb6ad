"""Wishes: headers that ask for a treatment."""

import pytest
from werkzeug.datastructures import Headers

from api.http.request_options import MAX_WAIT_S, RequestOptions, parse_span_s, parse_wait_s
from common.errors import InvalidParam

DAY_S = 86_400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1h1m1s", 3661),
        ("90", 90),
        (" 30S ", 30),
        ("24h", DAY_S),
    ],
)
def test_spans_are_read(text: str, seconds: int) -> None:
    assert parse_span_s(text, DAY_S) == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "-5s", "1.5s", "soon", "5 m", "m", "5d", "30s5m", "86401", "9" * 30]
)
def test_other_spans_are_refused(text: str) -> None:
    with pytest.raises(InvalidParam) as caught:
        parse_span_s(text, DAY_S)
    assert caught.value.field == "Cancel-After"


@pytest.mark.parametrize(
    ("prefer", "wait_s"),
    [
        ([], None),
        (["wait=5"], 5),
        (["respond-async, wait=10"], 10),
        (["respond-async", "wait = 7"], 7),
        (['wait="8"'], 8),
        (["Wait=9; foo"], 9),
        (["wait=3600"], MAX_WAIT_S),
        (["wait=0"], None),
        (["wait"], None),
        (["wait=-1"], None),
        (["wait=soon"], None),
        (["await=5"], None),
    ],
)
def test_a_wait_is_a_preference(prefer: list[str], wait_s: int | None) -> None:
    assert parse_wait_s(Headers([("Prefer", text) for text in prefer])) == wait_s


def test_nothing_is_asked_of_no_header() -> None:
    options = RequestOptions.of(Headers(), deadline_s=DAY_S)
    assert options == RequestOptions(
        DAY_S, idempotency_key=None, bypass=False, only_if_cached=False
    )


@pytest.mark.parametrize(
    ("cache_control", "bypass", "only_if_cached"),
    [
        ("no-cache", True, False),
        ("max-age=0, No-Cache", True, False),
        ("only-if-cached", False, True),
        ("no-store", False, False),
    ],
)
def test_cache_control_is_read(cache_control: str, bypass: bool, only_if_cached: bool) -> None:
    options = RequestOptions.of(Headers({"Cache-Control": cache_control}), deadline_s=DAY_S)
    assert (options.bypass, options.only_if_cached) == (bypass, only_if_cached)


@pytest.mark.parametrize("key", ["1", "order 17/a", '"quoted"', "k" * 255])
def test_an_idempotency_key_is_printable(key: str) -> None:
    assert RequestOptions.of(Headers({"Idempotency-Key": key}), deadline_s=1).idempotency_key == key


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\there", "é"])
def test_another_idempotency_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidParam) as caught:
        RequestOptions.of(Headers({"Idempotency-Key": key}), deadline_s=1)
    assert caught.value.field == "Idempotency-Key"
