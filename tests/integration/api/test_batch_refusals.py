"""Batches that are refused, break off, or find no room: what they leave behind."""

from pathlib import Path
from typing import Any

import pytest
import redis

from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.integration.api.test_batches import Files, batch, jobs_of, seen, send, shades
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo


@pytest.mark.parametrize(
    ("files", "fields", "query", "code"),
    [
        ([], {}, "", "malformed_request"),
        (shades(1), {"strength": "7"}, "", "invalid_param"),
        (shades(1), {"size": "1"}, "", "invalid_param"),
        (shades(1), {"style": "none"}, "", "unknown_style"),
        (shades(1), {"colour": "blue"}, "", "invalid_param"),
        (shades(1), {"strength": "0.5"}, "?strength=0.5", "malformed_request"),
    ],
)
def test_what_is_wrong_with_all_is_refused_at_once(
    client: PhotoClient,
    worker: HandWorker,
    *,
    files: Files,
    fields: dict[str, Any],
    query: str,
    code: str,
    clean_redis_url: str,
) -> None:
    answer = send(client, files, query=query, **fields)
    assert (answer.status_code, body_of(answer)["code"]) in ((400, code), (422, code))
    assert jobs_of(client) == []
    with redis.Redis.from_url(clean_redis_url, decode_responses=True) as connection:
        assert list(connection.scan_iter("celshade:batch:*")) == []


def broken_form(*parts: bytes, end: bytes = b"--frontier--\r\n") -> bytes:
    return b"".join(b"--frontier\r\n" + part + b"\r\n" for part in parts) + end


def file_part(body: bytes, name: str = "image") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n\r\n'
    return head.encode() + body


def field_part(name: str, text: str) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode()


@pytest.mark.parametrize(
    "body",
    [
        broken_form(file_part(photo()), field_part("strength", "0.5")),
        broken_form(file_part(photo()), file_part(photo(shade=1), "picture")),
        broken_form(file_part(photo()), file_part(photo(shade=1)), end=b""),
        broken_form(file_part(photo()), b"no header"),
    ],
    ids=["late parameter", "other name", "no end", "no header"],
)
def test_a_form_that_breaks_in_the_middle_leaves_a_canceled_batch(
    client: PhotoClient, worker: HandWorker, body: bytes
) -> None:
    kind = "multipart/form-data; boundary=frontier"
    key = {"Idempotency-Key": "album 7"}
    answer = client.call("POST", "/v1/batches", data=body, content_type=kind, headers=key)
    assert (answer.status_code, body_of(answer)["code"]) == (400, "malformed_request")
    jobs = jobs_of(client)
    assert jobs
    assert {job["status"] for job in jobs} == {"canceled"}
    left = seen(client, {"id": jobs[0]["batch_id"]})
    assert (left["status"], left["error"]["code"]) == ("canceled", "upload_incomplete")
    assert left["received_at"] is None
    assert worker.line_is_empty()
    again = batch(client, shades(1), headers=key)
    assert again["id"] != left["id"], "the key is free again"


def test_too_many_photos_are_told(make_app: MakeApp) -> None:
    app = make_app(max_batch_photos=2)
    client = PhotoClient(app)
    HandWorker(context_of(app).store, context_of(app).objects).beat()
    answer = send(client, shades(1, 2, 3))
    assert (answer.status_code, body_of(answer)["code"]) == (413, "upload_too_large")
    assert {job["status"] for job in jobs_of(client)} == {"canceled"}


def test_a_full_service_answers_the_request_itself(make_app: MakeApp) -> None:
    app = make_app(max_open_jobs_per_caller=1)
    client = PhotoClient(app)
    worker = HandWorker(context_of(app).store, context_of(app).objects)
    worker.beat()
    client.submit()
    answer = send(client, shades(1, 2))
    assert (answer.status_code, body_of(answer)["code"]) == (429, "queue_full_for_key")
    assert int(answer.headers["Retry-After"]) > 0
    worker.work_once()
    partly = batch(client, shades(1, 2))
    assert partly["items"][1]["error"] == {
        "code": "queue_full_for_key",
        "message": "You have too many open jobs; wait for some to finish.",
        "retryable": True,
    }


def test_a_storage_that_is_away_ends_the_batch_soon(
    client: PhotoClient, worker: HandWorker, tmp_path: Path
) -> None:
    root = tmp_path / "data" / "objects"
    away = root.rename(root.with_name("away"))
    answer = send(client, shades(*range(8)))
    away.rename(root)
    assert (answer.status_code, body_of(answer)["code"]) == (503, "storage_unavailable")
    assert jobs_of(client) == []
