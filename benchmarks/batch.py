"""Batch: what a hundred photos in one request, and their ZIP, cost the API's memory.

The memory is looked at while the photos come in and while the ZIP is read: a service that held a
batch, or a ZIP, would show it.
"""

import argparse
import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks import processes
from benchmarks.load import BOUNDARY, FORM
from benchmarks.photos import large_photo
from benchmarks.report import Report, Table
from benchmarks.service import NeverHappened, Service, running_service, say

HELP = """\
Submits a batch of large photos by one request and reads the ZIP of their pictures, and looks at the
memory of the API's processes all the while.

  python -m benchmarks batch
  python -m benchmarks batch --photos 20 --photo-mb 2"""
MB = 1_000_000
LOOK_EVERY_S = 0.02
PIECE_BYTES = 64 * 1024
TIMEOUT_S = 120
PATIENCE_S = 600.0
WARM_UP = 3  # photos of a first batch: what is loaded once is no part of the figures
FIELDS = {"style": "ink-filter", "size": "768", "format": "png"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    parser.add_argument("--photos", type=int, default=100, help="photos of the batch (100)")
    parser.add_argument("--photo-mb", type=float, default=5, help="size of each (5)")


def run(given: argparse.Namespace) -> Report:
    """Submit a batch, read its ZIP, and look at the memory meanwhile."""
    size_bytes = round(given.photo_mb * MB)
    with running_service() as service:
        _zip_of(service, _submit(service, WARM_UP, size_bytes))
        at_rest = _private_mb(service)
        with _highest(service) as while_sent:
            begun_s = time.monotonic()
            batch = _submit(service, given.photos, size_bytes)
            took_s = time.monotonic() - begun_s
        say("rendering")
        url = _wait(service, batch)
        with _highest(service) as while_read:
            zip_mb = _read(url) / MB
    sent_mb = given.photos * given.photo_mb
    rows = [
        ["at rest", "", f"{at_rest:.1f}", ""],
        ["while the batch came in", f"{sent_mb:.0f}", f"{while_sent[0]:.1f}", ""],
        ["while its ZIP was read", f"{zip_mb:.0f}", f"{while_read[0]:.1f}", ""],
    ]
    for row in rows[1:]:
        row[3] = f"{float(row[2]) - at_rest:+.1f}"
    table = Table(
        "A batch in one request, MB",
        ["", "sent", "private memory of the API, highest", "over rest"],
        rows,
        f"{given.photos} photos of {given.photo_mb:g} MB each in {took_s:.1f} s; the API's "
        f"processes together, looked at every {LOOK_EVERY_S * 1000:.0f} ms.",
    )
    figures = {
        "sent_mb": sent_mb,
        "sent_s": took_s,
        "zip_mb": zip_mb,
        "at_rest_mb": at_rest,
        "while_sent_mb": while_sent[0],
        "while_read_mb": while_read[0],
    }
    return Report("batch", [table], figures)


def _submit(service: Service, photos: int, size_bytes: int) -> str:
    """Send a batch by one request; return its id."""
    head = _head(number=0)
    length = photos * (len(head) + size_bytes + 2) + len(_fields()) + len(_end())
    headers = {**FORM, "Content-Length": str(length)}
    with contextlib.closing(_connection(service.url)) as connection:
        connection.request("POST", "/v1/batches", _body(photos, size_bytes), headers)
        answer = connection.getresponse()
        batch = json.loads(answer.read())
    if answer.status not in (201, 202) or batch["counts"]["failed"]:
        raise NeverHappened(f"a batch is accepted: {answer.status} {str(batch)[:300]}")
    return str(batch["id"])


def _body(photos: int, size_bytes: int) -> Iterator[bytes]:
    yield _fields()
    for number in range(photos):
        yield _head(number)
        yield large_photo(number, size_bytes=size_bytes)
        yield b"\r\n"
    yield _end()


def _fields() -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in FIELDS.items()
    ]
    return "".join(parts).encode()


def _head(number: int) -> bytes:
    name = f'name="image"; filename="{number:04}.jpg"'
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {name}\r\n\r\n".encode()


def _end() -> bytes:
    return f"--{BOUNDARY}--\r\n".encode()


def _wait(service: Service, batch_id: str) -> str:
    """Wait for a batch's end; return the link to its ZIP."""
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        with contextlib.closing(_connection(service.url)) as connection:
            connection.request("GET", f"/v1/batches/{batch_id}", headers={"Prefer": "wait=30"})
            batch = json.loads(connection.getresponse().read())
        if batch["status"] == "succeeded":
            return str(batch["urls"]["archive"])
    raise NeverHappened(f"batch {batch_id} succeeds; it is {batch['status']}")


def _zip_of(service: Service, batch_id: str) -> int:
    return _read(_wait(service, batch_id))


def _read(url: str) -> int:
    """Read a ZIP piece by piece; return its bytes."""
    parts = urlsplit(url)
    with contextlib.closing(_connection(url)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        read = sum(len(piece) for piece in iter(lambda: answer.read(PIECE_BYTES), b""))
    if answer.status != http.client.OK or str(read) != answer.headers["Content-Length"]:
        raise NeverHappened(f"a ZIP is read to its end: {answer.status}, {read} bytes")
    return read


def _connection(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)


@contextlib.contextmanager
def _highest(service: Service) -> Iterator[list[float]]:
    """Look at the memory for as long as the block lasts; the list holds the highest, MB."""
    highest = [_private_mb(service)]
    stopped = threading.Event()

    def look() -> None:
        while not stopped.wait(LOOK_EVERY_S):
            highest[0] = max(highest[0], _private_mb(service))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield highest
    finally:
        stopped.set()
        thread.join()


def _private_mb(service: Service) -> float:
    return processes.memory(service.pids()["api"]).private / MB
