"""Submissions: how a photo comes in, and how the cache and the idempotency key meet it."""

from typing import Any

import pytest

from common.errors import DecodeFailed
from common.objects.local import LocalStore
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo


def test_a_submission_is_accepted(client: PhotoClient, worker: HandWorker) -> None:
    answer = client.post(strength="0.456", size="256", quality="80", metadata='{"album": "sea"}')
    job = body_of(answer)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"http://localhost/v1/jobs/{job['id']}"
    assert answer.headers["Cache-Status"] == "celshade; fwd=miss; stored"
    assert 1 <= int(answer.headers["Retry-After"]) <= 10
    assert job["status"] == "queued"
    assert job["params"] == {"strength": 0.46, "size": 256, "format": "jpeg", "quality": 80}
    assert job["queue"]["position"] == 1
    assert job["progress"] == {"stage": "waiting"}
    assert job["cache"] == {"status": "miss", "age_seconds": None}
    assert job["metadata"] == {"album": "sea"}
    assert job["output"] is job["error"] is job["started_at"] is job["expires_at"] is None
    assert set(job["urls"]) == {"self", "result", "source", "cancel", "retry", "events"}


def test_the_body_may_be_the_photo_itself(client: PhotoClient, worker: HandWorker) -> None:
    answer = client.call(
        "POST", "/v1/jobs?size=256&format=png", data=photo(), content_type="image/jpeg"
    )
    assert answer.status_code == 202
    assert body_of(answer)["params"] == {
        "strength": 0.7,
        "size": 256,
        "format": "png",
        "quality": None,
    }


def test_a_photo_is_never_enlarged(client: PhotoClient, worker: HandWorker) -> None:
    assert client.submit(photo(320, 240), size="2048")["params"]["size"] == 320


def test_the_same_photo_again_is_a_hit(
    client: PhotoClient, worker: HandWorker, objects: LocalStore
) -> None:
    first = client.submit()
    worker.work_once()
    stored = set(objects.list_names())

    again = client.post()
    job = body_of(again)
    assert again.status_code == 201
    assert again.headers["Cache-Status"] == "celshade; hit"
    assert "Retry-After" not in again.headers
    assert job["id"] != first["id"]
    assert (job["status"], job["cache"]["status"]) == ("succeeded", "hit")
    assert job["cache"]["age_seconds"] >= 0
    assert set(objects.list_names()) == stored
    assert worker.line_is_empty()


def test_the_same_photo_meanwhile_is_joined(client: PhotoClient, worker: HandWorker) -> None:
    answers = [client.post() for _ in range(3)]
    jobs = [body_of(answer) for answer in answers]
    assert [job["cache"]["status"] for job in jobs] == ["miss", "joined", "joined"]
    assert answers[1].headers["Cache-Status"] == "celshade; fwd=miss; collapsed"
    worker.work_once()
    assert {client.job(job)["status"] for job in jobs} == {"succeeded"}
    assert worker.line_is_empty()


def test_other_parameters_are_another_render(client: PhotoClient, worker: HandWorker) -> None:
    client.submit()
    assert client.submit(strength="0.3")["cache"]["status"] == "miss"
    assert client.submit(quality="5")["cache"]["status"] == "miss"
    assert client.submit(strength="0.301")["cache"]["status"] == "joined"  # to 2 decimals


def test_no_cache_renders_anew(client: PhotoClient, worker: HandWorker) -> None:
    client.submit()
    worker.work_once()
    answer = client.post(headers={"Cache-Control": "no-cache"})
    assert answer.status_code == 202
    assert answer.headers["Cache-Status"] == "celshade; fwd=request"
    assert body_of(answer)["cache"]["status"] == "bypass"
    worker.work_once()


def test_only_if_cached_renders_nothing(
    client: PhotoClient, worker: HandWorker, objects: LocalStore
) -> None:
    wish = {"Cache-Control": "only-if-cached"}
    answer = client.post(headers=wish)
    assert (answer.status_code, body_of(answer)["code"]) == (504, "not_cached")
    assert list(objects.list_names()) == []
    client.submit()
    worker.work_once()
    assert client.post(headers=wish).status_code == 201


def test_an_idempotency_key_replays_its_job(client: PhotoClient, worker: HandWorker) -> None:
    key = {"Idempotency-Key": "order 17"}
    first = body_of(client.post(headers=key))
    again = client.post(headers=key, priority="high", metadata='{"try": "2"}')
    assert (again.status_code, body_of(again)["id"]) == (202, first["id"])
    worker.work_once()
    finished = client.post(headers=key)
    assert (finished.status_code, body_of(finished)["id"]) == (201, first["id"])


@pytest.mark.parametrize(
    ("change", "wish"),
    [
        ({"body": photo(shade=3)}, {}),
        ({"strength": "0.2"}, {}),
        ({"format": "webp"}, {}),
        ({"webhook_url": "https://example.com/hook"}, {}),
        ({}, {"Cancel-After": "5m"}),
    ],
    ids=["photo", "strength", "format", "webhook", "deadline"],
)
def test_an_idempotency_key_is_for_one_request(
    client: PhotoClient, worker: HandWorker, change: dict[str, Any], wish: dict[str, str]
) -> None:
    key = {"Idempotency-Key": "order 17"}
    client.post(headers=key)
    answer = client.post(**change, headers={**key, **wish})
    assert (answer.status_code, body_of(answer)["code"]) == (422, "idempotency_key_reuse")


def test_a_remembered_failure_answers_at_once(client: PhotoClient, worker: HandWorker) -> None:
    client.submit()
    worker.fail(worker.claim(), DecodeFailed())
    answer = client.post()
    job = body_of(answer)
    assert (answer.status_code, job["status"]) == (201, "failed")
    assert job["error"]["code"] == "decode_failed"
    assert answer.headers["Cache-Status"] == "celshade; fwd=miss"


def test_priorities_are_flows_of_their_own(client: PhotoClient, worker: HandWorker) -> None:
    for shade in range(4):
        client.submit(photo(shade=shade), priority="low")
    urgent = client.submit(photo(shade=9), priority="high")
    assert urgent["priority"] == "high"
    assert urgent["queue"]["position"] <= 2
