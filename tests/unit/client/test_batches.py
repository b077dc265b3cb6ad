"""Batches, archives and images: the client's requests, and how it reads what comes back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from celshade import (
    BadAnswer,
    Batch,
    Client,
    DownloadFailed,
    Image,
    NothingThere,
    PhotoAt,
    PhotoUnreadable,
    Refused,
    WaitTimeout,
)

ZIP = b"PK\x05\x06" + bytes(18)


def batch(status: str = "running", **changed: Any) -> dict[str, Any]:
    item = {"index": 0, "file": "a.jpg", "job_id": "j1", "status": "queued", "cache": "miss"}
    error = {"code": "invalid_image", "message": "Damaged.", "retryable": False}
    counts = {"total": 2, "queued": 1, "running": 0, "succeeded": 0, "failed": 1}
    return {
        "id": "b1",
        "status": status,
        "created_at": "2026-01-02T03:04:05.678Z",
        "counts": counts,
        "items": [
            {**item, "error": None},
            {"index": 1, "file": "x", "job_id": None, "status": "failed", "error": error},
        ],
        "error": None,
        "urls": {"archive": None},
        **changed,
    }


def client(
    handler: Callable[[httpx.Request], httpx.Response], pauses: list[float] | None = None
) -> Client:
    noted = pauses if pauses is not None else []
    backend = httpx.MockTransport(handler)
    return Client("http://here", "secret", sleep=noted.append, backend=backend)


def test_a_batch_goes_in_one_request_with_one_key(tmp_path: Path) -> None:
    (tmp_path / "beach.jpg").write_bytes(b"first")
    seen: list[httpx.Request] = []
    sent: list[tuple[int, int]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return httpx.Response(202, json=batch(), headers={"Retry-After": "3", "ETag": 'W/"1"'})

    found = client(handler).batches.submit(
        [tmp_path / "beach.jpg", b"second"], style="ink", metadata={"a": "b"}, cancel_after_s=60,
        on_sent=lambda *told: sent.append(told),
    )  # fmt: skip
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", "http://here/v1/batches")
    assert len(request.headers["Idempotency-Key"]) == 32
    assert request.headers["Cancel-After"] == "60s"
    assert int(request.headers["Content-Length"]) == len(request.content)
    assert "Transfer-Encoding" not in request.headers
    assert request.content.index(b'name="style"') < request.content.index(b"beach.jpg")
    assert b"first" in request.content
    assert b"second" in request.content
    assert sent[-1] == (len(request.content), len(request.content))
    assert (found.id, found.is_terminal, found.ended, found.retry_after_s) == ("b1", False, 1, 3.0)
    first, second = found.items
    assert (first.job_id, first.failure, first.cache) == ("j1", None, "miss")
    assert second.job_id is None
    assert second.failure is not None
    assert second.failure.code == "invalid_image"


def test_names_may_stay_here(tmp_path: Path) -> None:
    (tmp_path / "secret-place.jpg").write_bytes(b"photo")

    def handler(request: httpx.Request) -> httpx.Response:
        assert b"secret-place" not in request.read()
        assert b'filename="1"' in request.content
        return httpx.Response(202, json=batch())

    client(handler).batches.submit([tmp_path / "secret-place.jpg"], names=["1"])


def test_a_batch_whose_first_upload_is_still_being_received_is_sent_again() -> None:
    keys: list[str] = []
    pauses: list[float] = []
    busy = {"code": "not_ready", "detail": "A batch with this key is being received."}

    def handler(request: httpx.Request) -> httpx.Response:
        request.read()
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.WriteError("gone")
        if len(keys) == 2:
            return httpx.Response(409, json=busy, headers={"Retry-After": "2"})
        return httpx.Response(202, json=batch())

    client(handler, pauses).batches.submit([b"photo"])
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert pauses[1] >= 2.0


def test_another_conflict_is_none_that_passes() -> None:
    problem = {"code": "batch_closed", "detail": "Canceled while it was received."}
    with pytest.raises(Refused, match="Canceled"):
        client(lambda _: httpx.Response(409, json=problem)).batches.submit([b"photo"])


def test_following_asks_only_for_what_is_new() -> None:
    asked: list[str | None] = []
    responses = [
        httpx.Response(200, json=batch(), headers={"ETag": 'W/"1"', "Retry-After": "1"}),
        httpx.Response(304, headers={"ETag": 'W/"1"', "Retry-After": "4"}),
        httpx.Response(200, json=batch("succeeded_with_errors"), headers={"ETag": 'W/"2"'}),
    ]

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("If-None-Match"))
        return responses[len(asked) - 1]

    pauses: list[float] = []
    seen: list[Batch] = []
    found = client(handler, pauses).batches.wait("b1", seen.append)
    assert asked == [None, 'W/"1"', 'W/"1"']
    assert [each.status for each in seen] == ["running", "running", "succeeded_with_errors"]
    assert pauses == [1.0, 4.0]
    assert found is seen[-1]


def test_waiting_for_a_batch_may_end_before_the_batch() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=batch(), headers={"Retry-After": "9"})

    with pytest.raises(WaitTimeout, match="The batch b1 is still open after 5 seconds"):
        client(handler).batches.wait("b1", timeout_s=5)


@pytest.mark.parametrize("wrong", [[], {"id": "1"}, batch(items={}), batch(counts=[])])
def test_what_is_no_batch_is_complained_about(wrong: Any) -> None:
    with pytest.raises(BadAnswer):
        client(lambda _: httpx.Response(200, json=wrong)).batches.get("b1")


def test_an_archive_that_broke_off_is_requested_again(tmp_path: Path) -> None:
    keys: list[tuple[str, str | None]] = []
    links = iter(["http://here/files/archives/1", "http://here/files/archives/2"])
    told: list[tuple[int, int | None]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append((request.url.path, request.headers.get("Authorization")))
        if request.url.path == "/v1/archives":
            assert request.read() == b'{"job_ids":["j1","j2"]}'
            link = {"id": "1", "url": next(links), "pictures": 2, "missing": 0}
            return httpx.Response(201, json=link)
        short = ZIP[:9] if request.url.path.endswith("1") else ZIP
        return httpx.Response(200, content=short, headers={"Content-Length": str(len(ZIP))})

    place = client(handler).archives.download(
        iter(["j1", "j2"]), tmp_path / "out.zip", lambda *seen: told.append(seen)
    )
    assert place.read_bytes() == ZIP
    assert [path for path, _ in keys] == [
        "/v1/archives",
        "/files/archives/1",
        "/v1/archives",
        "/files/archives/2",
    ]
    assert told[-1] == (len(ZIP), len(ZIP))
    assert list(tmp_path.iterdir()) == [place]


def test_an_archive_that_never_comes_whole_is_not_saved(tmp_path: Path) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/batches/b1":
            return httpx.Response(200, json=batch(urls={"archive": "http://here/files/batches/b1"}))
        return httpx.Response(200, content=b"PK", headers={"Content-Length": "3000"})

    celshade = client(handler)
    with pytest.raises(DownloadFailed, match="2 of 3000 bytes"):
        celshade.archives.download(celshade.batches.get("b1"), tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == []


def test_where_no_picture_is_there_is_no_archive(tmp_path: Path) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/archives":
            link = {"id": "1", "url": "http://here/x", "pictures": 0, "missing": 2}
            return httpx.Response(201, json=link)
        return httpx.Response(200, json=batch("failed"))

    celshade = client(handler)
    for wanted in (["j1"], celshade.batches.get("b1")):
        with pytest.raises(NothingThere):
            celshade.archives.download(wanted, tmp_path / "out.zip")


def test_an_image_stands_for_the_file() -> None:
    bodies: list[bytes] = []
    image = {"image_id": "i1", "width": 3, "height": 2, "expires_at": "2026-01-02T03:04:05Z"}

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        if request.url.path == "/v1/jobs":
            return httpx.Response(202, json={"id": "1", "status": "queued"})
        return httpx.Response(201, json=image)

    celshade = client(handler)
    kept = celshade.images.keep(b"a photo")
    assert isinstance(kept, Image)
    assert (kept.id, kept.width) == ("i1", 3)
    celshade.submit(kept, style="ink")
    assert b"a photo" in bodies[0]
    assert json.loads(bodies[1]) == {"image_id": "i1", "style": "ink"}


def test_a_photo_may_be_named_by_its_address() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.read()) == {
            "image_url": "https://photos.example/a.jpg",
            "size": "512",
            "webhook_url": "https://me.example/hook",
            "metadata": '{"a": "b"}',
        }
        return httpx.Response(202, json={"id": "1", "status": "queued"})

    celshade = client(handler)
    photo = PhotoAt("https://photos.example/a.jpg")
    celshade.submit(photo, size=512, webhook_url="https://me.example/hook", metadata={"a": "b"})


def test_an_unreadable_photo_is_reported_before_anything_is_sent(tmp_path: Path) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise AssertionError

    with pytest.raises(PhotoUnreadable):
        client(handler).batches.submit([b"good", tmp_path / "none.jpg"])
