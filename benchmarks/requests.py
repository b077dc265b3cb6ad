"""Requests: how many a second the API answers, beside bare Flask doing what cannot be left out.

Hits, polls and new photos, over several connections at once. The worker is frozen: nobody draws.
"""

import argparse
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.bare_flask import running_floor, scripts_called
from benchmarks.load import WARM_UP, Found, Target, form, measure
from benchmarks.photos import SOURCES, commented
from benchmarks.report import Report, Table, percentile
from benchmarks.service import Service, running_service, say

HELP = """\
Sends hits, polls and new photos over several connections on loopback, in turn with a bare Flask
application on the same server that does as many Redis round trips, takes and hashes the same upload
and, for new photos, puts one object and sends one Celery message.

  python -m benchmarks requests
  python -m benchmarks requests --rounds 3 --requests 100 --connections 8"""
COUNTED = 5  # requests under Redis' MONITOR, besides those of the warm-up
Json = Mapping[str, object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    parser.add_argument("--rounds", type=int, default=5, help="the middle one is shown (5)")
    parser.add_argument("--requests", type=int, default=100, help="of each connection per round")
    parser.add_argument("--connections", type=int, default=8, help="at once (8)")
    parser.add_argument("--photo", type=Path, default=SOURCES / "astronaut.jpg", help="a JPEG")


def run(given: argparse.Namespace) -> Report:
    """Measure the API and its floors, in turn."""
    photo = given.photo.read_bytes()
    found: dict[str, list[Found]] = {}
    with running_service() as service, service.client() as client:
        job_id = client.submit(photo).id
        client.wait(job_id)
        with service.held("worker-1"), running_floor(service) as floor:
            targets = [
                target
                for ours in _ours(service, photo, job_id)
                for target in (_floor_of(ours, floor, _round_trips(service, ours)), ours)
            ]
            for number in range(given.rounds):
                say(f"round {number + 1} of {given.rounds}")
                for target in targets:
                    one = measure(target, connections=given.connections, requests=given.requests)
                    found.setdefault(target.words, []).append(one)
    return _report(found, given, len(photo))


def _ours(service: Service, photo: bytes, job_id: str) -> Iterator[Target]:
    address = urlsplit(service.url).netloc

    def hits(_: int) -> Iterator[bytes]:
        return itertools.repeat(form(photo))

    yield Target("hit", address, "POST", "/v1/jobs", hits, _is("hit"))
    yield Target("poll", address, "GET", f"/v1/jobs/{job_id}", _nothing, _is("miss"))
    yield Target("new photo", address, "POST", "/v1/jobs", _new_photos(photo), _is("miss"))


def _new_photos(photo: bytes) -> Callable[[int], Iterator[bytes]]:
    numbers = itertools.count()  # no photo comes twice, in whatever round

    def bodies(connection: int) -> Iterator[bytes]:
        return (form(commented(photo, f"{connection}-{number}")) for number in numbers)

    return bodies


def _nothing(_: int) -> Iterator[bytes]:
    return itertools.repeat(b"")


def _is(status: str) -> Callable[[Json], bool]:
    def is_right(answer: Json) -> bool:
        cache = answer.get("cache")
        return isinstance(cache, dict) and cache.get("status") == status

    return is_right


def _floor_of(ours: Target, address: str, count: int) -> Target:
    """Return what the bare application is asked instead."""
    paths = {"hit": "round-trips", "poll": "poll", "new photo": "new"}

    def is_right(answer: Json) -> bool:
        return "sha256" in answer or "status" in answer

    words = f"bare Flask: {ours.words}, {count} round trips"
    path = f"/{paths[ours.words]}/{count}"
    return Target(words, address, ours.method, path, ours.bodies, is_right)


def _round_trips(service: Service, ours: Target) -> int:
    called = scripts_called(service, lambda: measure(ours, connections=1, requests=COUNTED))
    return round(called / (COUNTED + WARM_UP))


def _report(
    found: Mapping[str, list[Found]], given: argparse.Namespace, photo_bytes: int
) -> Report:
    rows, figures = [], {}
    floor: tuple[float, float] | None = None
    for words, rounds in found.items():
        rate = percentile([one.rate for one in rounds], 0.5)
        half, tail = (
            percentile([percentile(one.times_ms, share) for one in rounds], 0.5)
            for share in (0.5, 0.99)
        )
        row = [words, f"{rate:.0f}", f"{half:.1f}", f"{tail:.1f}"]
        if floor is None:
            floor, row = (rate, tail), [*row, "", ""]
        else:
            row += [f"{rate / floor[0]:.0%}", f"{tail / floor[1]:.1f}"]
            floor = None
        rows.append(row)
        figures[words] = [
            {"rate": one.rate, "p50": percentile(one.times_ms, 0.5), "p99": _p99(one)}
            for one in rounds
        ]
    columns = ["", "requests/s", "p50 ms", "p99 ms", "of the floor's rate", "times its p99"]
    note = (
        f"{given.connections} connections on loopback, {given.requests} requests of each in every "
        f"one of {given.rounds} rounds, in turn; the middle round. A photo of "
        f"{photo_bytes / 1000:.0f} kB; the worker was frozen."
    )
    return Report("requests", [Table("Requests", columns, rows, note)], figures)


def _p99(found: Found) -> float:
    return percentile(found.times_ms, 0.99)
