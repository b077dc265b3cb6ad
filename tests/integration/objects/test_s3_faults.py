"""S3 away, frozen, slow, refusing: every call ends in its time, with our own error."""

import contextlib
import dataclasses
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from common.errors import ObjectMissing, StorageUnavailable
from common.objects.factory import make_bucket, open_s3_store
from common.objects.s3 import S3Store
from common.settings import Settings
from deploy.local import s3_server, server_identity
from tests.support import servers

NAME = "outputs/ab/1.png"
TIMEOUT_S = 1.0
# Far over TIMEOUT_S, for a busy machine, and far under the minute that boto3 waits by itself.
GENEROUS_S = 15.0


def verbs_of(store: S3Store) -> list[Callable[[], object]]:
    """Return one call of each verb that talks to the storage."""
    return [
        lambda: store.put(NAME, b"picture" * 100_000, content_type="image/png"),
        lambda: store.get(NAME),
        lambda: store.exists(NAME),
        lambda: store.delete([NAME]),
        lambda: list(store.list_names()),
        store.probe,
        store.ensure_bucket,
    ]


def assert_all_unavailable(store: S3Store) -> None:
    """Check that every verb fails in its time, with our own error."""
    for verb in verbs_of(store):
        begin = time.monotonic()
        with pytest.raises(StorageUnavailable):
            verb()
        assert time.monotonic() - begin < GENEROUS_S


def store_at(url: str, *, timeout_s: float = TIMEOUT_S, attempts: int = 1) -> S3Store:
    """Return a store whose server is said to be there."""
    settings = Settings(
        objects="s3",
        s3_endpoint_url=url,
        s3_access_key_id="A" * 20,
        s3_secret_access_key=SecretStr("s" * 40),
    )
    return open_s3_store(settings, timeout_s=timeout_s, attempts=attempts)


def test_a_server_that_is_not_there() -> None:
    assert_all_unavailable(store_at(f"http://127.0.0.1:{server_identity.free_port()}"))


def test_a_server_that_is_frozen_and_comes_back(tmp_path: Path) -> None:
    server = s3_server.prepare(tmp_path, bucket="celshade")
    settings = servers.s3_settings_of(server)
    store = open_s3_store(settings, timeout_s=TIMEOUT_S, attempts=1)
    patient = open_s3_store(settings, timeout_s=servers.S3_TIMEOUT_S, attempts=3)
    with servers.running_s3(server) as child:
        patient.put(NAME, b"picture", content_type="image/png")
        child.send_signal(signal.SIGSTOP)
        try:
            assert_all_unavailable(store)
        finally:
            child.send_signal(signal.SIGCONT)
        patient.probe()
        patient.put(NAME, b"picture", content_type="image/png")
        assert patient.get(NAME) == b"picture"


def test_keys_that_were_revoked(tmp_path: Path) -> None:
    server = s3_server.prepare(tmp_path, bucket="celshade")
    revoked = dataclasses.replace(server, secret_access_key="another-key-of-a-normal-length")
    store = open_s3_store(servers.s3_settings_of(revoked), timeout_s=30, attempts=3)
    with servers.running_s3(server):
        assert_all_unavailable(store)


def test_a_bucket_that_is_gone_is_not_an_empty_one(s3_settings: Settings) -> None:
    settings = s3_settings.model_copy(update={"s3_bucket": "celshade-nowhere"})
    store = open_s3_store(settings, timeout_s=30, attempts=3)
    for verb in verbs_of(store)[:-1]:  # all but ensure_bucket
        with pytest.raises(StorageUnavailable):
            verb()


def test_the_bucket_is_made_once_by_whoever_is_first(tmp_path: Path) -> None:
    server = s3_server.prepare(tmp_path, bucket="unused")
    settings = servers.s3_settings_of(server).model_copy(update={"s3_bucket": "celshade-new"})
    start = threading.Barrier(4)
    made = []

    def make() -> None:
        start.wait()
        make_bucket(settings, timeout_s=30)
        made.append(True)

    with servers.running_s3(server):
        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 4
        make_bucket(settings, timeout_s=30)
        open_s3_store(settings, timeout_s=30, attempts=1).probe()


@contextlib.contextmanager
def answering(answer: Callable[[int], tuple[int, bytes]]) -> Iterator[tuple[str, list[int]]]:
    """Run an HTTP server that answers request number n with a status and a body.

    Gives its address and the list of the statuses it has sent.
    """
    sent: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answer(len(sent))
            sent.append(status)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", sent
        finally:
            server.shutdown()
            thread.join()


def test_server_errors_are_tried_again() -> None:
    def third_time(number: int) -> tuple[int, bytes]:
        return (HTTPStatus.OK, b"picture") if number == 2 else (HTTPStatus.BAD_GATEWAY, b"")

    with answering(third_time) as (url, sent):
        assert store_at(url, timeout_s=30, attempts=3).get(NAME) == b"picture"
    assert sent == [502, 502, 200]


def test_attempts_end(tmp_path: Path) -> None:
    photo = tmp_path / "photo"
    photo.write_bytes(b"p" * 300_000)
    with answering(lambda _: (HTTPStatus.SERVICE_UNAVAILABLE, b"")) as (url, sent):
        with photo.open("rb") as file, pytest.raises(StorageUnavailable):
            store_at(url, timeout_s=30, attempts=3).put(NAME, file, content_type="image/png")
        assert sent == [503, 503, 503]


@pytest.mark.parametrize("status", [HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST])
def test_a_refusal_is_not_tried_again(status: HTTPStatus) -> None:
    with answering(lambda _: (status, b"")) as (url, sent):
        with pytest.raises(StorageUnavailable):
            store_at(url, timeout_s=30, attempts=3).get(NAME)
        assert sent == [status]


def test_what_is_missing_is_not_tried_again() -> None:
    missing = b"<Error><Code>NoSuchKey</Code></Error>"
    with answering(lambda _: (HTTPStatus.NOT_FOUND, missing)) as (url, sent):
        with pytest.raises(ObjectMissing):
            store_at(url, timeout_s=30, attempts=3).get(NAME)
        assert sent == [HTTPStatus.NOT_FOUND]


def test_an_object_that_drips_is_given_up() -> None:
    stop = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
            while not stop.wait(0.02):
                connection.sendall(b"x" * 1000)  # 50 KB/s: no single read ever times out

    with socket.create_server(("127.0.0.1", 0)) as listener:
        dripping = threading.Thread(target=drip, args=[listener])
        dripping.start()
        begin = time.monotonic()
        try:
            with pytest.raises(StorageUnavailable):
                store_at(f"http://127.0.0.1:{listener.getsockname()[1]}").get(NAME)
            assert time.monotonic() - begin < GENEROUS_S  # dripping to the end takes 200 s
        finally:
            stop.set()
            dripping.join()


def test_a_storage_that_swallows_slowly_is_given_up() -> None:
    size_bytes = 30_000_000
    swallowed = []

    def swallow(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            while piece := connection.recv(20_000):
                swallowed.append(len(piece))
                time.sleep(0.005)  # at most 4 MB/s: no single send ever times out

    with socket.create_server(("127.0.0.1", 0)) as listener:
        swallowing = threading.Thread(target=swallow, args=[listener])
        swallowing.start()
        with pytest.raises(StorageUnavailable):
            store_at(f"http://127.0.0.1:{listener.getsockname()[1]}").put(
                NAME, bytes(size_bytes), content_type="image/png"
            )
        swallowing.join()
    assert sum(swallowed) < size_bytes
