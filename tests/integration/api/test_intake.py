"""Bodies that come in over real connections: whole, too large, too slow, in too great a number."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from socket import socket

import httpx
import pytest

from tests.integration.api.intake_server import DEADLINE_S, Server, running, wait_until

MB = 1_000_000
PHOTO = bytes(range(256)) * 1000
STALLED = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" + b"x" * 10_000


@pytest.fixture(scope="module")
def brisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that gives up on slow bodies after one second."""
    limits = {"max_upload_bytes": 2 * MB, "window_s": 1.0, "header_s": 1.0}
    with running(tmp_path_factory.mktemp("brisk"), limits) as server:
        yield server


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Server]:
    """A server that would wait for slow bodies for longer than a test may take."""
    limits = {"window_s": 600.0, "header_s": 600.0, "patience_s": 0.25, "max_upload_bytes": 40 * MB}
    with running(tmp_path, limits) as server:
        yield server


def pieces(size_bytes: int) -> Iterator[bytes]:
    """A body without a known length."""
    for _ in range(size_bytes // MB):
        yield b"x" * MB


def answer(connection: socket) -> str:
    """All that the server sends until it closes the connection."""
    connection.settimeout(DEADLINE_S)
    received = b""
    while data := connection.recv(65536):
        received += data
    return received.decode()


@pytest.mark.parametrize("path", ["/body", "/photo", "/"])
@pytest.mark.parametrize("body", [b"x" * 50 * MB, pieces], ids=["length", "chunked"])
def test_a_strict_client_that_goes_on_sending_sees_the_early_answer(
    brisk: Server, path: str, body: object
) -> None:
    """Urllib looks at the answer only after it has sent everything."""
    data = body if isinstance(body, bytes) else pieces(50 * MB)
    request = urllib.request.Request(  # noqa: S310 - our own http URL
        brisk.url + path, data=data, headers={"Content-Type": "image/jpeg"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:  # noqa: S310 - as above
            status, headers = response.status, response.headers
    except urllib.error.HTTPError as error:
        with error:
            status, headers = error.code, error.headers
    assert status == (200 if path == "/" else 413)
    assert headers["Connection"] == "close"


def test_a_too_large_multipart_photo_is_refused(brisk: Server) -> None:
    photo = b"x" * (2 * MB + 1)
    response = httpx.post(brisk.url + "/photo", files={"image": ("a.jpg", photo)})
    assert (response.status_code, response.json()["code"]) == (413, "upload_too_large")


def test_a_photo_of_exactly_the_limit_is_accepted(brisk: Server) -> None:
    files = {"image": ("a.jpg", b"x" * 2 * MB)}
    response = httpx.post(brisk.url + "/photo", files=files, data={"style": "ink"})
    assert response.json()["size_bytes"] == 2 * MB
    assert response.json()["fields"] == {"style": "ink"}


def test_two_files_are_refused(brisk: Server) -> None:
    files = [("image", ("a.jpg", PHOTO)), ("image", ("b.jpg", PHOTO))]
    response = httpx.post(brisk.url + "/photo", files=files)
    assert (response.status_code, response.json()["code"]) == (400, "malformed_request")


def test_chunked_uploads_are_hashed_right_and_the_connection_lives_on(brisk: Server) -> None:
    with httpx.Client(base_url=brisk.url) as client:
        for path in ("/body", "/photo", "/photo"):
            response = client.post(path, content=iter([PHOTO[:1000], PHOTO[1000:]]))
            assert response.json()["sha256"] == hashlib.sha256(PHOTO).hexdigest()
            assert response.headers["Connection"] == "keep-alive"
        assert client.get("/").headers["Connection"] == "keep-alive"


def test_a_get_with_a_body_does_no_harm(brisk: Server) -> None:
    with httpx.Client(base_url=brisk.url) as client:
        first = client.request("GET", "/", content=b"GET /evil HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (first.status_code, first.headers["Connection"]) == (200, "close")
        assert client.get("/").status_code == 200


def test_an_encoded_body_is_refused(brisk: Server) -> None:
    response = httpx.post(brisk.url + "/body", content=b"x", headers={"Content-Encoding": "gzip"})
    assert response.status_code == 415


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_stops_is_answered_with_408(brisk: Server, chunked: bool) -> None:
    stalled = STALLED
    if chunked:
        stalled = stalled.replace(b"Content-Length: 900000", b"Transfer-Encoding: chunked")
        stalled = stalled.replace(b"x" * 10_000, b"2710\r\n" + b"x" * 10_000)
    with brisk.connect(stalled) as connection:
        text = answer(connection)
    assert text.startswith("HTTP/1.1 408")
    assert "Connection: close" in text


def test_a_client_that_breaks_off_harms_nobody(brisk: Server) -> None:
    for _ in range(20):
        brisk.connect(STALLED).close()
    with brisk.connect(
        b"POST /body HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    ) as broken:
        assert answer(broken).startswith("HTTP/1.1 400")
    assert httpx.get(brisk.url, timeout=DEADLINE_S).status_code == 200
    assert "Traceback" not in (brisk.run_dir / "server.log").read_text()


def test_headers_that_never_end_are_dropped(brisk: Server) -> None:
    with brisk.connect(b"GET / HTTP/1.1\r\nHost") as connection:
        assert answer(connection) == ""


def test_slow_bodies_leave_half_the_threads_to_others(patient: Server) -> None:
    """Two processes of 8 threads wait for 8 slow clients at most; others are told to come back."""
    slow = [patient.connect(STALLED) for _ in range(20)]
    try:
        for connection in slow:
            connection.setblocking(False)
        told: set[socket] = set()

        def enough_are_told() -> bool:
            told.update(one for one in slow if one not in told and begins_with_503(one))
            return len(told) >= 12

        wait_until(enough_are_told, "12 of 20 are told to come back")
        for connection in [one for one in slow if one not in told]:
            connection.sendall(b"x")
            assert httpx.get(patient.url, timeout=DEADLINE_S).status_code == 200
        assert len(told) < len(slow)  # of each process' share it keeps up to four waiting
    finally:
        for connection in slow:
            connection.close()


def begins_with_503(connection: socket) -> bool:
    """Whether a refusal with its Retry-After has come."""
    try:
        text = connection.recv(65536).decode()
    except BlockingIOError:
        return False
    assert text.startswith("HTTP/1.1 503")
    assert "Retry-After: 2" in text
    return True


def test_uploads_that_come_quickly_need_no_slot(patient: Server) -> None:
    slow = [patient.connect(STALLED) for _ in range(20)]
    try:
        for _ in range(30):
            response = httpx.post(patient.url + "/body", content=PHOTO, timeout=DEADLINE_S)
            assert response.status_code == 200
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("first", [[], [b"GET / HT"]], ids=["nothing", "half a line"])
def test_connections_without_a_request_hold_no_thread(patient: Server, first: list[bytes]) -> None:
    idle = [patient.connect(*first) for _ in range(60)]
    try:
        for _ in range(5):
            assert httpx.get(patient.url, timeout=DEADLINE_S).status_code == 200
    finally:
        for connection in idle:
            connection.close()


def test_memory_does_not_follow_the_size_of_uploads(patient: Server) -> None:
    """Peak memory of the worker processes, from the kernel's own record."""

    def peaks_kb() -> list[int]:
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in patient.worker_pids()]
        return [int(text.split("VmHWM:")[1].split()[0]) for text in texts]

    # Large enough to go to disk, often enough for every thread to have had one.
    for _ in range(40):
        httpx.post(patient.url + "/photo", content=pieces(6 * MB), timeout=DEADLINE_S)
    before_kb = max(peaks_kb())
    for _ in range(4):
        raw = httpx.post(patient.url + "/photo", content=pieces(38 * MB), timeout=DEADLINE_S)
        form = httpx.post(
            patient.url + "/photo", files={"image": ("a", b"x" * 38 * MB)}, timeout=DEADLINE_S
        )
        assert raw.json()["sha256"] == form.json()["sha256"]
    assert max(peaks_kb()) - before_kb < 20_000
