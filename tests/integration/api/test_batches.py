"""Batches: many photos by one request, and what becomes of each."""

import io
from typing import Any

import pytest
from werkzeug.test import TestResponse

from common.errors import DecodeFailed
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import Json, PhotoClient, body_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo

Files = list[tuple[bytes, str]]


def shades(*numbers: int) -> Files:
    """Photos that differ, under names that say which is which."""
    return [(photo(shade=number), f"shade-{number}.jpg") for number in numbers]


def send(
    client: PhotoClient,
    files: Files,
    *,
    headers: dict[str, str] | None = None,
    query: str = "",
    **fields: str,
) -> TestResponse:
    """Submit photos as one form, the parameters first."""
    data: dict[str, Any] = {**fields, "image": [(io.BytesIO(body), name) for body, name in files]}
    return client.call("POST", f"/v1/batches{query}", data=data, headers=headers or {})


def batch(client: PhotoClient, files: Files, **more: Any) -> Json:
    answer = send(client, files, **more)
    assert answer.status_code in (201, 202), answer.text
    return body_of(answer)


def seen(client: PhotoClient, sent: Json) -> Json:
    answer = client.get(f"/v1/batches/{sent['id']}")
    assert answer.status_code == 200, answer.text
    return body_of(answer)


def jobs_of(client: PhotoClient) -> list[Json]:
    found: list[Json] = body_of(client.get("/v1/jobs?limit=100"))["data"]
    return found


def test_photos_are_accepted_together(client: PhotoClient, worker: HandWorker) -> None:
    answer = send(client, shades(1, 2, 3), strength="0.4", format="png")
    sent = body_of(answer)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"http://localhost/v1/batches/{sent['id']}"
    assert 1 <= int(answer.headers["Retry-After"]) <= 10
    assert sent["status"] == "running"
    assert sent["counts"]["total"] == sent["counts"]["queued"] == 3
    assert [item["file"] for item in sent["items"]] == [f"shade-{n}.jpg" for n in (1, 2, 3)]
    assert [item["index"] for item in sent["items"]] == [0, 1, 2]
    assert sent["received_at"] is not None
    assert sent["completed_at"] is sent["error"] is sent["urls"]["archive"] is None
    for item in sent["items"]:
        job = client.job({"id": item["job_id"]})
        assert job["params"] == {"strength": 0.4, "size": 320, "format": "png", "quality": None}
        assert job["batch_id"] == sent["id"]
        assert item["urls"]["self"] == job["urls"]["self"]


def test_a_batch_ends_with_its_last_photo(client: PhotoClient, worker: HandWorker) -> None:
    sent = batch(client, shades(1, 2))
    worker.work_once()
    half = seen(client, sent)
    assert (half["status"], half["counts"]["succeeded"]) == ("running", 1)
    worker.work_once()
    answer = client.get(f"/v1/batches/{sent['id']}")
    whole = body_of(answer)
    assert (whole["status"], whole["counts"]["succeeded"]) == ("succeeded", 2)
    assert whole["completed_at"] is not None
    assert "Retry-After" not in answer.headers
    again = client.get(f"/v1/batches/{sent['id']}", If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


def test_a_bad_photo_spoils_only_itself(make_app: MakeApp) -> None:
    app = make_app(max_upload_bytes=20_000)
    client = PhotoClient(app)
    worker = HandWorker(context_of(app).store, context_of(app).objects)
    worker.beat()
    files = [
        (b"not an image", "notes.txt"),
        (photo(), "good.jpg"),
        (photo() + bytes(30_000), "huge.jpg"),
        (b"", "empty.jpg"),
        (photo(8, 8), "tiny.jpg"),
    ]
    sent = batch(client, files)
    errors = [item["error"] and item["error"]["code"] for item in sent["items"]]
    assert errors == [
        "unsupported_media_type",
        None,
        "upload_too_large",
        "invalid_image",
        "image_too_small",
    ]
    assert [item["job_id"] is None for item in sent["items"]] == [True, False, True, True, True]
    worker.work_once()
    assert seen(client, sent)["status"] == "succeeded_with_errors"


def test_a_failed_job_tells_its_batch(client: PhotoClient, worker: HandWorker) -> None:
    sent = batch(client, shades(1))
    worker.fail(worker.claim(), DecodeFailed())
    ended = seen(client, sent)
    assert ended["status"] == "failed"
    assert ended["items"][0]["error"]["code"] == "decode_failed"


def test_duplicates_are_rendered_once(client: PhotoClient, worker: HandWorker) -> None:
    sent = batch(client, shades(1, 1, 1))
    assert [item["cache"] for item in sent["items"]] == ["miss", "joined", "joined"]
    worker.work_once()
    assert worker.line_is_empty()
    assert seen(client, sent)["counts"]["succeeded"] == 3


def test_duplicates_are_rendered_once_even_anew(client: PhotoClient, worker: HandWorker) -> None:
    client.submit(photo(shade=1))
    worker.work_once()
    batch(client, shades(1, 1), headers={"Cache-Control": "no-cache"})
    worker.work_once()
    assert worker.line_is_empty()


def test_what_is_in_the_cache_needs_no_poll(client: PhotoClient, worker: HandWorker) -> None:
    client.submit(photo(shade=1))
    worker.work_once()
    answer = send(client, shades(1, 1))
    assert (answer.status_code, body_of(answer)["status"]) == (201, "succeeded")
    only = send(client, shades(1, 2), headers={"Cache-Control": "only-if-cached"})
    assert body_of(only)["status"] == "succeeded_with_errors"
    assert body_of(only)["items"][1]["error"]["code"] == "not_cached"


def test_cancel_ends_what_is_open(client: PhotoClient, worker: HandWorker) -> None:
    sent = batch(client, shades(1, 2, 3))
    worker.work_once()
    for _ in range(2):
        answer = client.call("POST", f"/v1/batches/{sent['id']}/cancel")
        assert (answer.status_code, body_of(answer)["status"]) == (200, "canceled")
    assert body_of(answer)["counts"] == {
        "total": 3,
        "queued": 0,
        "running": 0,
        "succeeded": 1,
        "failed": 0,
        "canceled": 2,
        "expired": 0,
    }
    assert worker.line_is_empty()


def test_a_deadline_is_each_photos_own(client: PhotoClient, worker: HandWorker) -> None:
    sent = batch(client, shades(1), headers={"Cancel-After": "1s"})
    while seen(client, sent)["status"] == "running":
        worker.store.maintenance.reap()
        worker.beat()
    assert seen(client, sent)["counts"]["expired"] == 1


def test_the_same_key_is_the_same_batch(client: PhotoClient, worker: HandWorker) -> None:
    key = {"Idempotency-Key": "album 7"}
    first = batch(client, shades(1, 2), headers=key)
    again = batch(client, shades(1, 2), headers=key)
    assert again["id"] == first["id"]
    assert len(jobs_of(client)) == 2
    job = client.post(photo(shade=1), headers=key)
    assert job.status_code == 202, "a job's key is none of a batch's"


@pytest.mark.parametrize(
    ("files", "fields", "wish"),
    [
        (shades(2, 1), {}, {}),
        (shades(1), {}, {}),
        (shades(1, 2), {"strength": "0.2"}, {}),
        (shades(1, 2), {}, {"Cancel-After": "5m"}),
    ],
    ids=["order", "number", "strength", "deadline"],
)
def test_a_key_is_for_one_request(
    client: PhotoClient,
    worker: HandWorker,
    files: Files,
    fields: dict[str, str],
    wish: dict[str, str],
) -> None:
    key = {"Idempotency-Key": "album 7"}
    sent = batch(client, shades(1, 2), headers=key)
    answer = send(client, files, headers={**key, **wish}, **fields)
    assert (answer.status_code, body_of(answer)["code"]) == (422, "idempotency_key_reuse")
    assert seen(client, sent)["status"] == "running"
    assert len(jobs_of(client)) == 2


def test_a_wait_ends_with_the_batch(client: PhotoClient, worker: HandWorker) -> None:
    client.submit(photo(shade=1))
    worker.work_once()
    answer = send(client, shades(1), headers={"Prefer": "wait=5"})
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (201, "wait=5")
    sent = batch(client, shades(2))
    waited = client.get(f"/v1/batches/{sent['id']}", Prefer="wait=1")
    assert waited.headers["Preference-Applied"] == "wait=1"
    assert body_of(waited)["status"] == "running"


@pytest.mark.parametrize("id_", ["0" * 32, "nonsense", "%2e%2e"])
def test_a_batch_that_is_not_there(client: PhotoClient, worker: HandWorker, id_: str) -> None:
    for method, path in (("GET", ""), ("POST", "/cancel")):
        answer = client.call(method, f"/v1/batches/{id_}{path}")
        assert (answer.status_code, body_of(answer)["code"]) == (404, "not_found")
