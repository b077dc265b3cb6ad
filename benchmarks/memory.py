"""Memory: what the API and the worker hold while a thousand photos go through them.

A soak of bounded length: photos small and large, each another one, rendered small. Memory that
grows with what has been done would show between the looks; memory that is kept for reuse would not.
"""

import argparse
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from benchmarks import processes
from benchmarks.photos import distinct_photos, large_photo
from benchmarks.processes import Memory
from benchmarks.report import Report, Table
from benchmarks.service import NeverHappened, Service, running_service, say

HELP = """\
Sends photos through the service from several clients and looks at the memory of the API's
processes and of the worker after 100 of them (the warm-up), 250, 500 and 1,000. Every fiftieth
upload is large.

  python -m benchmarks memory
  python -m benchmarks memory --looks 50 100 200 --large-mb 5"""
PHOTO_PX = (640, 480)
SIZE_PX = 256
SENDERS = 4
LARGE_EVERY = 50
MB = 1_000_000
JOB_TIMEOUT_S = 300.0
ROLES = ("api", "worker-1", "keeper")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    looks = [100, 250, 500, 1000]
    parser.add_argument("--looks", type=int, nargs="+", default=looks, help="after how many photos")
    parser.add_argument("--large-mb", type=float, default=20, help="size of the large photos (20)")


def run(given: argparse.Namespace) -> Report:
    """Send photos and look."""
    photos = _photos(round(given.large_mb * MB))
    looks: dict[int, dict[str, Memory]] = {}
    with running_service() as service:
        done = 0
        for count in sorted(given.looks):
            say(f"photos {done + 1} to {count}")
            _send(service, list(itertools.islice(photos, count - done)))
            looks[count], done = _look(service), count
    return _report(looks, given.large_mb)


def _photos(large_bytes: int) -> Iterator[bytes]:
    small = distinct_photos(*PHOTO_PX)
    for number in itertools.count(1):
        is_large = number % LARGE_EVERY == 0
        yield large_photo(number, size_bytes=large_bytes) if is_large else next(small)


def _send(service: Service, photos: list[bytes]) -> None:
    """Submit all photos, several at once, and return when all are rendered."""
    place = threading.local()
    clients = []

    def open_client() -> None:
        place.client = service.client()
        clients.append(place.client)

    def send(photo: bytes) -> None:
        job = place.client.submit(photo, style="ink-filter", size=SIZE_PX)
        ended = place.client.wait(job.id, timeout_s=JOB_TIMEOUT_S)
        if not ended.succeeded or ended.cache.status != "miss":
            raise NeverHappened(f"job {job.id} succeeds as a miss; it is {ended.status}")

    with ThreadPoolExecutor(SENDERS, initializer=open_client) as pool:
        for _ in pool.map(send, photos):
            pass
    for client in clients:
        client.close()


def _look(service: Service) -> dict[str, Memory]:
    pids = service.pids()
    return {role: processes.memory(pids[role]) for role in ROLES}


def _report(looks: dict[int, dict[str, Memory]], large_mb: float) -> Report:
    first, *_, last = looks
    rows = []
    for role in ROLES:
        for kind in ("pss", "rss", "private"):
            found = [getattr(look[role], kind) / MB for look in looks.values()]
            growth = f"{found[-1] - found[0]:+.1f}"
            rows.append([f"{role}, {kind}", *(f"{value:.1f}" for value in found), growth])
    table = Table(
        "Memory after so many photos, MB",
        ["", *(f"{count:,}" for count in looks), f"from {first:,} to {last:,}"],
        rows,
        f"`api` is all of its processes together. pss divides shared pages among their users, "
        f"private is what a process itself has allocated. Photos of {PHOTO_PX[0]}x{PHOTO_PX[1]} "
        f"from {SENDERS} clients, every {LARGE_EVERY}th of {large_mb:g} MB, rendered at "
        f"{SIZE_PX} px.",
    )
    figures = {
        f"{count}": {role: asdict(held) for role, held in look.items()}
        for count, look in looks.items()
    }
    return Report("memory", [table], figures)
