"""The service with more work than it can do: how much it gets done, and who used the cores."""

import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean

from benchmarks import processes
from benchmarks.photos import distinct_photos
from benchmarks.service import NeverHappened, Service, say
from benchmarks.work import STRENGTH
from celshade import Client, Job

PHOTO_PX = (2048, 1536)  # what a phone's messenger sends
SENDERS = 6  # more than the worker has threads: some are rendered while others travel
JOB_TIMEOUT_S = 900.0


@dataclass(frozen=True)
class Span:
    """The service at saturation, from the first claim to the last completion.

    Attributes:
        photos: How many were rendered.
        wall_s: How long that took, by the jobs' own timestamps.
        others_share: Share of all cores, 0 to 1, that went to processes that are not ours.
        cpu_s: CPU seconds by process; `client` is this one.
        stages_ms: Mean of each stage, as the jobs tell it.
    """

    photos: int
    wall_s: float
    others_share: float
    cpu_s: dict[str, float]
    stages_ms: dict[str, float]

    @property
    def photos_per_s(self) -> float:
        """Throughput."""
        return self.photos / self.wall_s

    @property
    def undisturbed_photos_per_s(self) -> float:
        """Throughput over the share of the cores that others left."""
        return self.photos_per_s / (1 - self.others_share)


class Account:
    """Who uses the cores, from its making until it is closed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._before_s = service.cpu_s()
        self._busy_s = processes.busy_s()
        self._begun_s = time.monotonic()

    def close(self) -> tuple[dict[str, float], float]:
        """Return CPU seconds by process, and the share of all cores that others used."""
        wall_s = time.monotonic() - self._begun_s
        busy_s = processes.busy_s() - self._busy_s
        after_s = self._service.cpu_s()
        used_s = {name: after_s[name] - self._before_s.get(name, 0.0) for name in after_s}
        others_s = max(0.0, busy_s - sum(used_s.values()))
        return used_s, others_s / (processes.cores() * wall_s)


def filled_before(service: Service, *, size_px: int, count: int) -> Span:
    """Put all photos in line while the workers are frozen, then let them go and watch."""
    say(f"{size_px} px: putting {count} photos in line, then letting the workers go")
    photos = itertools.islice(distinct_photos(*PHOTO_PX), count)
    with service.client() as client:
        with service.held(*service.worker_names):
            jobs = [_submit(client, photo, size_px) for photo in photos]
            account = Account(service)
        # The line is fair and has one caller: the last ones end last. One question each.
        for job in jobs[-SENDERS:]:
            client.wait(job.id, timeout_s=JOB_TIMEOUT_S)
        used = account.close()
        return _span([client.get(job.id) for job in jobs], *used)


def clients_meanwhile(service: Service, *, size_px: int, count: int) -> Span:
    """Let clients submit a photo, wait for its picture, fetch it, and begin again."""
    say(f"{size_px} px: {SENDERS} clients submit, wait for and fetch {count} photos")
    photos = list(itertools.islice(distinct_photos(*PHOTO_PX, seed=1), count))
    account = Account(service)
    ended = _send_all(service, photos, size_px)
    return _span(ended, *account.close())


def _send_all(service: Service, photos: Sequence[bytes], size_px: int) -> list[Job]:
    source, lock, ended = iter(photos), threading.Lock(), list[Job]()

    def take() -> Iterator[bytes]:
        while True:
            with lock:
                photo = next(source, None)
            if photo is None:
                return
            yield photo

    def send(folder: Path) -> None:
        with service.client() as client:
            for photo in take():
                job = client.wait(_submit(client, photo, size_px).id, timeout_s=JOB_TIMEOUT_S)
                client.download(job, folder / f"{job.id}.jpg")
                ended.append(job)

    with tempfile.TemporaryDirectory(prefix="celshade-pictures-") as name:
        _in_threads(lambda: send(Path(name)), SENDERS)
    return ended


def _in_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _submit(client: Client, photo: bytes, size_px: int) -> Job:
    job = client.submit(photo, style="ink-filter", size=size_px, strength=STRENGTH)
    if job.cache.status != "miss":
        raise NeverHappened(f"a photo of its own is a miss, not a {job.cache.status}")
    return job


def _span(jobs: Sequence[Job], cpu_s: dict[str, float], others_share: float) -> Span:
    begun = min(_moment(job.started_at, job) for job in jobs)
    ended = max(_moment(job.completed_at, job) for job in jobs)
    names = jobs[0].stages_ms
    stages_ms = {name: fmean(float(job.stages_ms[name]) for job in jobs) for name in names}
    return Span(len(jobs), (ended - begun).total_seconds(), others_share, cpu_s, stages_ms)


def _moment(moment: datetime | None, job: Job) -> datetime:
    """Return a moment that every succeeded job has."""
    if moment is None or not job.succeeded:
        raise NeverHappened(f"job {job.id} succeeds; it is {job.status}")
    return moment
