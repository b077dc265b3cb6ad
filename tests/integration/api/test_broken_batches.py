"""Connections and processes that end in the middle of a batch, or of a ZIP: the real server."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from tests.integration.api.intake_server import wait_until
from tests.integration.api.real_service import RealService, running
from tests.support.photos import photo

KEY = b"Idempotency-Key: album 7\r\n"
SECOND_HALF = bytes(300_000) + b"\r\n--frontier--\r\n"


@pytest.fixture
def service(clean_redis_url: str, tmp_path: Path) -> Iterator[RealService]:
    with running(clean_redis_url, tmp_path) as service:
        yield service


def first_half(service: RealService, *shades: int) -> socket.socket:
    """Begin a batch, send some of its photos whole, and no more."""
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=30)
    body = b""
    for shade in shades:
        body += b"--frontier\r\nContent-Disposition: form-data; "
        body += b'name="image"; filename="a.jpg"\r\n\r\n' + photo(shade=shade) + b"\r\n"
    body += b"--frontier\r\nContent-Disposition: form-data; "
    body += b'name="image"; filename="last.jpg"\r\n\r\n'
    # Reads of the body come back when 64 KiB are there: junk in the last photo makes them full.
    body += bytes(200_000)
    head = b"POST /v1/batches HTTP/1.1\r\nHost: localhost\r\n" + KEY
    head += f"Content-Length: {len(body) + len(SECOND_HALF)}\r\n".encode()
    head += b"Content-Type: multipart/form-data; boundary=frontier\r\n\r\n"
    connection.sendall(head + body)
    return connection


def jobs_of(service: RealService) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.http.get("/v1/jobs?limit=100").json()["data"]
    return found


def whole_batch(service: RealService, *shades: int) -> dict[str, Any]:
    files = [("image", (f"{shade}.jpg", photo(shade=shade))) for shade in shades]
    headers = {"Idempotency-Key": "album 7"}
    answer = service.http.post("/v1/batches", files=files, headers=headers)
    assert answer.status_code in (201, 202), answer.text
    return dict(answer.json())


def test_a_client_that_leaves_in_the_middle_leaves_nothing_running(service: RealService) -> None:
    connection = first_half(service, 1, 2)
    wait_until(lambda: len(jobs_of(service)) == 2, "two photos are in")
    (batch_id,) = {job["batch_id"] for job in jobs_of(service)}
    assert service.http.get(f"/v1/batches/{batch_id}").json()["status"] == "running"
    files = [("image", ("1.jpg", photo(shade=1)))]
    busy = service.http.post("/v1/batches", files=files, headers={"Idempotency-Key": "album 7"})
    assert (busy.status_code, busy.json()["code"]) == (409, "not_ready")
    assert int(busy.headers["Retry-After"]) > 0
    connection.close()
    wait_until(
        lambda: {job["status"] for job in jobs_of(service)} == {"canceled"}, "all is canceled"
    )
    left = service.http.get(f"/v1/batches/{batch_id}").json()
    assert (left["status"], left["error"]["code"]) == ("canceled", "upload_incomplete")
    assert whole_batch(service, 1, 2)["id"] != batch_id
    for _ in range(2):
        service.worker.work_once()


def test_a_caller_may_cancel_what_is_still_coming_in(service: RealService) -> None:
    connection = first_half(service, 1)
    wait_until(lambda: len(jobs_of(service)) == 1, "a photo is in")
    batch_id = jobs_of(service)[0]["batch_id"]
    answer = service.http.post(f"/v1/batches/{batch_id}/cancel")
    assert answer.json()["status"] == "canceled"
    with connection:
        connection.sendall(SECOND_HALF)
        told = connection.recv(65536)
    assert told.startswith(b"HTTP/1.1 409 ")
    assert service.http.get(f"/v1/batches/{batch_id}").json()["error"] is None
    assert {job["status"] for job in jobs_of(service)} == {"canceled"}


def test_a_killed_api_leaves_a_batch_that_the_keeper_ends(
    service: RealService, clean_redis_url: str
) -> None:
    connection = first_half(service, 1, 2)
    wait_until(lambda: len(jobs_of(service)) == 2, "two photos are in")
    jobs = jobs_of(service)
    service.worker.work_once()
    (child,) = service.serving_pids()
    os.kill(child, signal.SIGKILL)
    connection.close()
    maintenance = service.store.maintenance
    assert maintenance.lapse_batches() == 0, "its receipt is still good"
    with redis.Redis.from_url(clean_redis_url) as books:
        for expected in (0, 1):  # the time that passes between the keeper's two looks
            for batch in books.zrange("celshade:receiving", 0, -1):
                books.zadd("celshade:receiving", {batch: 1})
            assert maintenance.lapse_batches() == expected
    states = [service.store.jobs.view(job["id"], "local").status for job in jobs]
    assert sorted(states) == ["canceled", "succeeded"]
    wait_until(lambda: answers(service), "another process serves")
    assert whole_batch(service, 1, 2)["id"] != jobs[0]["batch_id"]
    service.worker.work_once()


def answers(service: RealService) -> bool:
    try:
        return service.http.get("/healthz").is_success
    except httpx.TransportError:
        return False


def test_a_zip_that_breaks_off_is_never_taken_for_whole(service: RealService) -> None:
    batch = whole_batch(service, 1, 2, 3)
    for _ in range(3):
        service.worker.work_once()
    link = service.http.get(f"/v1/batches/{batch['id']}").json()["urls"]["archive"]
    whole = service.http.get(link)
    lost = service.store.jobs.view(batch["items"][1]["job_id"], "local").output
    assert lost is not None
    kept = service.objects.get(lost.name)
    service.objects.delete([lost.name])  # rendered a moment ago: nobody looks for it beforehand
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed"):
        service.http.get(link)
    request = f"GET {link.partition(str(service.port))[2]} HTTP/1.0\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(request.encode())
        told = b""
        while chunk := connection.recv(65536):
            told += chunk
    head, _, body = told.partition(b"\r\n\r\n")
    announced = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    assert announced
    assert len(body) < int(announced[1]) == len(whole.content)
    service.objects.put(lost.name, kept, content_type=lost.content_type)
    assert service.http.get(link).content[:-200] != b"", "the next one is whole again"
