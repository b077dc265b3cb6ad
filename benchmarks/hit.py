"""Hit: how fast a photo is answered whose picture is there already, beside bare Flask.

A hit is a whole submission: the photo travels, is hashed and inspected, and a job of its own is
recorded. The worker is frozen meanwhile: no hit needs one.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis

from benchmarks.bare_flask import running_floor
from benchmarks.load import FORM, form
from benchmarks.photos import SOURCES
from benchmarks.report import Report, Table, percentile
from benchmarks.service import NeverHappened, Service, running_service, say

HELP = """\
Renders one photo, freezes the worker, and sends the photo again and again over one connection on
loopback: each answer is a hit with a job of its own. Beside it, in turn within each round, a bare
Flask application on the same server that takes the same upload and hashes it, without
Redis and with as many Redis round trips as a hit was seen to make.

  python -m benchmarks hit
  python -m benchmarks hit --rounds 3 --requests 100 --photo photo.jpg"""
COUNTED = 20  # hits under Redis' MONITOR
WARM_UP = 20


@dataclass(frozen=True)
class Target:
    """Where to send the photo, and what the answer must say.

    Attributes:
        words: What a reader is told of it.
        address: Host and port.
        path: Of the request.
        is_right: Looks at the answer's JSON.
    """

    words: str
    address: str
    path: str
    is_right: Callable[[dict[str, object]], bool]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    parser.add_argument("--rounds", type=int, default=5, help="rounds, best and worst shown (5)")
    parser.add_argument("--requests", type=int, default=300, help="requests of each per round")
    parser.add_argument("--photo", type=Path, default=SOURCES / "astronaut.jpg", help="a JPEG")


def run(given: argparse.Namespace) -> Report:
    """Measure hits and their floors, in turn."""
    photo = given.photo.read_bytes()
    with running_service() as service, service.client() as client:
        client.wait(client.submit(photo).id)
        address = urlsplit(service.url).netloc
        hit = Target("hit", address, "/v1/jobs", _is_hit)
        objects = _count_objects(service)
        with service.held("worker-1"):
            round_trips = _count_round_trips(service, hit, photo)
            with running_floor(service) as floor:
                targets = [
                    Target("bare Flask: the upload and its hash", floor, "/bare", _is_digest),
                    Target(
                        f"bare Flask with {round_trips} Redis round trips",
                        floor,
                        f"/round-trips/{round_trips}",
                        _is_digest,
                    ),
                    hit,
                ]
                times_ms = _measure(targets, photo, given.rounds, given.requests)
        written = _count_objects(service) - objects
    return _report(times_ms, len(photo), round_trips, written)


def _measure(
    targets: list[Target], photo: bytes, rounds: int, requests: int
) -> dict[str, list[list[float]]]:
    """Return milliseconds of every request, by target and round."""
    times_ms: dict[str, list[list[float]]] = {target.words: [] for target in targets}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for target in targets:
            times_ms[target.words].append(list(_send(target, photo, requests)))
    return times_ms


def _send(target: Target, photo: bytes, requests: int) -> Iterator[float]:
    """Send the photo over one connection; yield milliseconds from first byte out to last in."""
    body = form(photo)
    with contextlib.closing(http.client.HTTPConnection(target.address, timeout=30)) as connection:
        for number in range(WARM_UP + requests):
            begun_s = time.perf_counter()
            connection.request("POST", target.path, body, FORM)
            answer = connection.getresponse()
            content = answer.read()
            took_ms = (time.perf_counter() - begun_s) * 1000
            if not target.is_right(json.loads(content)):
                raise NeverHappened(f"{target.words}: {answer.status} {content[:300]!r}")
            if number >= WARM_UP:
                yield took_ms


def _count_round_trips(service: Service, hit: Target, photo: bytes) -> int:
    """Count what the API asks Redis for one hit, with all others who ask Redis frozen."""
    with contextlib.ExitStack() as frozen:
        frozen.enter_context(service.held("keeper"))
        watcher = redis.Redis.from_url(service.redis_url)
        # redis-py leaves this one call untyped.
        with watcher.monitor() as monitor:  # type: ignore[no-untyped-call]  # see above
            times_ms = itertools.islice(_send(hit, photo, COUNTED), COUNTED)
            sum(1 for _ in times_ms)
            watcher.ping()  # the last line that is looked at
            seen = 0
            for line in monitor.listen():
                if line["command"] == "PING":
                    break
                seen += line["client_type"] != "lua"
    return round(seen / (COUNTED + WARM_UP))


def _is_hit(answer: dict[str, object]) -> bool:
    cache = answer.get("cache")
    return isinstance(cache, dict) and cache.get("status") == "hit"


def _is_digest(answer: dict[str, object]) -> bool:
    return "sha256" in answer


def _count_objects(service: Service) -> int:
    return sum(path.is_file() for path in service.layout.objects.rglob("*"))


def _report(
    times_ms: dict[str, list[list[float]]], photo_bytes: int, round_trips: int, written: int
) -> Report:
    rows = []
    for words, rounds in times_ms.items():
        halves = sorted(percentile(times, 0.5) for times in rounds)
        tails = sorted(percentile(times, 0.99) for times in rounds)
        found = (halves[0], halves[-1], tails[0], tails[-1])
        rows.append([words, *(f"{took_ms:.1f}" for took_ms in found)])
    requests = len(next(iter(times_ms.values()))[0])
    table = Table(
        "A photo whose picture is there already",
        ["milliseconds", "p50 best", "p50 worst", "p99 best", "p99 worst"],
        rows,
        f"A photo of {photo_bytes / 1000:.0f} kB over one connection on loopback, {requests} "
        f"requests in each of {len(next(iter(times_ms.values())))} rounds, in turn. A hit was seen "
        f"to make {round_trips} Redis round trips; the worker was frozen; objects written: "
        f"{written}.",
    )
    summary = {
        words: [{"p50": percentile(one, 0.5), "p99": percentile(one, 0.99)} for one in rounds]
        for words, rounds in times_ms.items()
    }
    figures = {"round_trips": round_trips, "objects_written": written, "times_ms": summary}
    return Report("hit", [table], figures)
