"""Recovery: how long after `kill -9` of a worker another one has its photo, and its picture.

What must pass by design: the lease of the dead one (6 s without renewal) and the keeper's next look
(1 s). The rest is the claim and the render.
"""

import argparse
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from urllib.parse import urlsplit

from benchmarks.photos import distinct_photos
from benchmarks.report import Report, Table
from benchmarks.service import NeverHappened, Service, running_service, say, until
from celshade import Client, Job
from common.processes.pid_file import is_alive
from common.settings import load_settings
from deploy.local.probes import ApiProbe

HELP = """\
Runs two workers, sends a photo, kills with SIGKILL the worker that has claimed it, and waits until
the other one has claimed and finished it. The killed one is started again by its supervisor, as in
real life, and shares the cores meanwhile.

  python -m benchmarks recovery
  python -m benchmarks recovery --rounds 2 --size 1024"""
WORKERS = ("worker-1", "worker-2")
PHOTO_PX = (2048, 1536)
LOOK_EVERY_S = 0.02
LOST_RACES = 5
REAP_S = 1.0  # the keeper looks so often; no setting


class TooLate(Exception):
    """Raised when the photo was finished before its worker could be killed."""


@dataclass(frozen=True)
class Recovered:
    """One kill.

    Attributes:
        claimed_s: From the kill until the other worker had the photo.
        finished_s: From the kill until the picture was there.
        attempts: As the job counts them.
    """

    claimed_s: float
    finished_s: float
    attempts: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    parser.add_argument("--rounds", type=int, default=5, help="kills, best and worst shown (5)")
    parser.add_argument("--size", type=int, default=512, help="long side of the picture, px (512)")


def run(given: argparse.Namespace) -> Report:
    """Kill and wait, several times."""
    photos = distinct_photos(*PHOTO_PX)
    with running_service(workers=len(WORKERS)) as service, service.client() as client:
        found = []
        for number in range(given.rounds):
            say(f"kill {number + 1} of {given.rounds}")
            found.append(_one_kill(service, client, photos=photos, size_px=given.size))
    return _report(found, given.size)


def _one_kill(
    service: Service, client: Client, *, photos: Iterator[bytes], size_px: int
) -> Recovered:
    for photo in islice(photos, LOST_RACES):
        _await_workers(service)
        job = client.submit(photo, style="ink-filter", size=size_px)
        try:
            return _kill(service, client, job)
        except TooLate:
            say("the photo was finished before the kill; once more")
    raise NeverHappened(f"a worker is killed in mid-job; {LOST_RACES} photos were too fast")


def _kill(service: Service, client: Client, job: Job) -> Recovered:
    """Kill the worker that has the job, and follow the job to its end."""
    victim = _claimer(service, client, job)
    pid = service.pid(victim)
    os.kill(pid, signal.SIGKILL)
    killed_s = time.monotonic()
    if client.get(job.id).is_terminal:
        raise TooLate
    until(lambda: client.get(job.id).attempts > 1, "the other worker claims the photo")
    claimed_s = time.monotonic() - killed_s
    until(lambda: client.get(job.id).is_terminal, "the photo is finished")
    finished_s = time.monotonic() - killed_s
    ended = client.get(job.id)
    if not ended.succeeded:
        raise NeverHappened(f"job {job.id} succeeds; it is {ended.status}")
    until(lambda: _has_successor(service, victim, pid), f"{victim} runs again")
    return Recovered(claimed_s, finished_s, ended.attempts)


def _claimer(service: Service, client: Client, job: Job) -> str:
    """Return the worker that says in its log that it has claimed the job.

    Raises:
        TooLate: The job has ended already.
    """
    while True:
        for name in WORKERS:
            if job.id in service.layout.log(name).read_text(encoding="utf-8"):
                return name
        if client.get(job.id).is_terminal:
            raise TooLate
        time.sleep(LOOK_EVERY_S)


def _has_successor(service: Service, name: str, killed: int) -> bool:
    pid = service.pid(name)
    return pid != killed and is_alive(pid)


def _await_workers(service: Service) -> None:
    address = urlsplit(service.url)
    probe = ApiProbe(address.hostname or "", address.port or 0)
    until(lambda: probe.has_workers(len(WORKERS)), "both workers are ready")


def _report(found: list[Recovered], size_px: int) -> Report:
    def row(words: str, values: list[float], design: str) -> list[str]:
        return [words, f"{min(values):.1f}", f"{max(values):.1f}", design]

    settings = load_settings()
    lapse = f"{settings.lease_s - settings.renew_every_s:g} to {settings.lease_s + REAP_S:g}"
    table = Table(
        "kill -9 of a worker in mid-job",
        ["seconds", "best", "worst", "by design"],
        [
            row("claimed by the other after", [kill.claimed_s for kill in found], lapse),
            row("finished after", [kill.finished_s for kill in found], "the same and the render"),
        ],
        f"Kills: {len(found)}; pictures of {size_px} px, two workers on one machine. By design: "
        f"the lease of {settings.lease_s:g} s, renewed every {settings.renew_every_s:g} s, "
        f"and the keeper's look every {REAP_S:g} s.",
    )
    return Report("recovery", [table], {"kills": [asdict(kill) for kill in found]})
