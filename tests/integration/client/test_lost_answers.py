"""Answers that are lost on their way: what is sent again makes no second job on the real API."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from celshade import Client
from tests.integration.api.real_service import RealService
from tests.support.photos import photo

PIECE_BYTES = 65_536


class Relay(socketserver.ThreadingTCPServer):
    """Hands on what comes, but for some answers: those connections end when the answer begins."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Joint)
        self.target = ("127.0.0.1", port)
        self.to_lose = 0
        self.lost = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Joint(socketserver.BaseRequestHandler):
    """One connection through the relay."""

    server: Relay

    def handle(self) -> None:
        with socket.create_connection(self.server.target) as service:
            thread = threading.Thread(target=pump, args=(self.request, service), daemon=True)
            thread.start()
            with contextlib.suppress(OSError):
                while data := service.recv(PIECE_BYTES):
                    if self.server.to_lose:
                        self.server.to_lose -= 1
                        self.server.lost += 1
                        break
                    self.request.sendall(data)
            with contextlib.suppress(OSError):
                self.request.shutdown(socket.SHUT_RDWR)
        thread.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Hand on what the client says."""
    with contextlib.suppress(OSError):
        while data := source.recv(PIECE_BYTES):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def relay(service: RealService) -> Iterator[Relay]:
    """A relay before the service."""
    with Relay(service.port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_photo_whose_answer_was_lost_is_one_job(relay: Relay) -> None:
    pauses: list[float] = []
    with Client(relay.url, sleep=pauses.append) as client:
        relay.to_lose = 2
        job = client.submit(photo(shade=1))
        assert (relay.lost, len(pauses)) == (2, 2)
        assert [listed.id for listed in client.jobs()] == [job.id]


def test_a_batch_whose_answer_was_lost_is_one_batch(relay: Relay, tmp_path: Path) -> None:
    paths = [tmp_path / f"{shade}.jpg" for shade in range(3)]
    for shade, path in enumerate(paths):
        path.write_bytes(photo(shade=shade))
    with Client(relay.url) as client:
        relay.to_lose = 1
        batch = client.batches.wait(client.batches.submit(paths).id)
        assert (relay.lost, batch.status) == (1, "succeeded")
        assert {job.id for job in client.jobs()} == {item.job_id for item in batch.items}


def test_an_archive_that_is_cut_comes_whole_the_next_time(relay: Relay, tmp_path: Path) -> None:
    with Client(relay.url) as client:
        job = client.wait(client.submit(photo(shade=2)).id)
        archive = client.archives.make([job.id])
        whole = client.archives.download([job.id], tmp_path / "whole.zip").read_bytes()
        relay.to_lose = 1
        again = client.archives.download([job.id], tmp_path / "again.zip").read_bytes()
    assert (relay.lost, archive.pictures) == (1, 1)
    assert len(again) == len(whole)
