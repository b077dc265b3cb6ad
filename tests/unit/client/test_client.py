"""The client's requests, held against a transport that answers without a network."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from celshade import (
    BadAnswer,
    Client,
    Refused,
    RetryPolicy,
    ServerUnreachable,
    UnusableSettings,
    WaitTimeout,
)
from celshade.client.jobs import read_job
from celshade.client.polling import poll_pause_s

OPEN = {"id": "1", "status": "queued"}


def client(
    handler: Callable[[httpx.Request], httpx.Response],
    url: str = "http://cartoons.example/base/",
    key: str | None = "secret",
) -> Client:
    return Client(url, key, sleep=lambda _: None, backend=httpx.MockTransport(handler))


def test_a_submission_says_all_that_was_asked_and_not_the_photos_name() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return httpx.Response(202, json=OPEN)

    client(handler).submit(
        b"photo", style="ink", strength=0.5, priority="low", metadata={"a": "b"},
        no_cache=True, cancel_after_s=30, wait_s=10,
    )  # fmt: skip
    (request,) = seen
    assert str(request.url) == "http://cartoons.example/base/v1/jobs"
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["Prefer"] == "wait=10"
    assert request.headers["Cancel-After"] == "30s"
    assert request.headers["Cache-Control"] == "no-cache"
    assert len(request.headers["Idempotency-Key"]) == 32
    for field in (b'name="style"\r\n\r\nink', b'name="strength"\r\n\r\n0.5', b'{"a": "b"}'):
        assert field in request.content
    assert b'name="size"' not in request.content


def test_an_option_that_does_not_exist_is_not_passed_over() -> None:
    idle = client(lambda _: httpx.Response(202, json=OPEN))
    with pytest.raises(TypeError, match="'strenght'"):
        idle.submit(b"photo", strenght=0.5)  # type: ignore[call-arg] # what is tested
    with pytest.raises(TypeError, match="'wait_s'"):
        idle.batches.submit([b"photo"], wait_s=5)  # type: ignore[call-arg] # as above


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_gets_the_same_submission_again(status: int) -> None:
    seen: list[tuple[str, bytes]] = []
    pauses: list[float] = []

    def handler(request: httpx.Request) -> httpx.Response:
        boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
        body = request.read().replace(boundary, b"")
        seen.append((request.headers["Idempotency-Key"], body))
        if len(seen) < 3:
            return httpx.Response(status, headers={"Retry-After": "2"})
        return httpx.Response(202, json=OPEN)

    with Client(sleep=pauses.append, backend=httpx.MockTransport(handler)) as patient:
        patient.submit(b"photo")
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert all(pause_s >= 2.0 for pause_s in pauses)


def test_what_must_not_be_repeated_is_asked_once() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ReadError("gone")

    for verb in (client(handler).retry, client(handler).delete):
        with pytest.raises(ServerUnreachable, match=r"No answer from http://cartoons\.example"):
            verb("1")
    assert asked == ["/base/v1/jobs/1/retry", "/base/v1/jobs/1"]


def test_ids_are_no_paths() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.raw_path == b"/base/v1/jobs/..%2Fadmin%3Fx"
        return httpx.Response(200, json=OPEN)

    client(handler).get("../admin?x")


def test_polls_pause_as_asked_unless_the_server_held_them() -> None:
    def answered(retry_after_s: float | None, *, held: bool) -> float:
        job = read_job(OPEN, retry_after_s=retry_after_s, held=held)
        return poll_pause_s(job, took_s=1.5)

    assert answered(2.0, held=False) == 2.0
    assert answered(2.0, held=True) == 0.5
    assert answered(1.0, held=True) == 0.0
    assert answered(None, held=False) > 0.0


def test_waiting_ends_with_its_time_and_leaves_the_job_alone() -> None:
    methods: set[str] = set()

    def handler(request: httpx.Request) -> httpx.Response:
        methods.add(request.method)
        return httpx.Response(200, json=OPEN, headers={"Retry-After": "5"})

    with pytest.raises(WaitTimeout):
        client(handler).wait("1", timeout_s=3)
    assert methods == {"GET"}


def test_what_progress_raises_ends_the_waiting() -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client(lambda _: httpx.Response(200, json=OPEN)).wait("1", on_progress=stop)


@pytest.mark.parametrize("url", ["localhost:8000", "", "ftp://h", "http://", "http://[::1", "/x"])
def test_what_is_no_address_is_reported(url: str) -> None:
    with pytest.raises(UnusableSettings, match="not the address of a server"):
        Client(url)


@pytest.mark.parametrize("key", ["a b", "a\nb", "schl\u00fcssel"])
def test_what_is_no_key_is_reported_and_not_repeated(key: str) -> None:
    with pytest.raises(UnusableSettings) as told:
        Client(api_key=key)
    assert key not in str(told.value)


def test_a_policy_of_no_retries_asks_once() -> None:
    asked: list[int] = []

    def handler(_: httpx.Request) -> httpx.Response:
        asked.append(1)
        return httpx.Response(503)

    hasty = Client(retry=RetryPolicy(retries=0), backend=httpx.MockTransport(handler))
    with pytest.raises(Refused, match="503"):
        hasty.styles()
    assert asked == [1]


def test_redirects_of_a_picture_end_and_never_carry_the_key(tmp_path: Path) -> None:
    keys: list[str | None] = []

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers.get("Authorization"))
        return httpx.Response(302, headers={"Location": "http://cartoons.example/round"})

    finished = read_job({"id": "1", "status": "succeeded"})
    with pytest.raises(BadAnswer, match="redirects more than"):
        client(handler).download(finished, tmp_path / "a.jpg")
    assert keys == ["Bearer secret", None, None, None]
