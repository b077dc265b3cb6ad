"""A job store on a server of its own, started as the embedded stack starts it, and what fills it.

Everything waiting in it came through the real scripts, `admit` and `enqueue`, one submission each.
"""

import contextlib
import json
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice, repeat
from multiprocessing import get_context
from pathlib import Path

import redis
from pydantic import SecretStr

from benchmarks.processes import cores
from benchmarks.service import OUT, NeverHappened, say
from common.callers import Caller, Scope, Share
from common.jobs import Output, Priority, new_job_id
from common.jobstore import JobStore
from common.jobstore.leases import Claim, LineOffer, WorkerState
from common.jobstore.lua_build import compose
from common.jobstore.policy import Policy
from common.jobstore.submissions import Submission
from common.objects.names import new_input_name
from common.processes import child_processes
from common.renders import Identity, Params, PictureFormat, work_size
from common.settings import Settings
from common.styles import line_of
from deploy.local import redis_server

STYLE, VERSION = "ink-filter", "0123456789ab"
LINE = line_of(STYLE, VERSION)
CARD = {"title": "Ink", "is_default": True}
CALLERS = 100
METADATA: Mapping[str, str] = {
    "album": "holiday",
    "customer": "8213",
    "order": "2026-11-0042",
    "note": "for the wall",
}
SECONDS_PER_MP = 1.0
ROOM = 10_000_000  # open jobs, of all and of each: caps are not what is measured
MAXMEMORY = "12gb"
PIPELINE = 500
PORTION = 10_000
BEAT_EVERY_S = 2.0  # a worker that has been silent for longer than a lease counts as gone
READY_S = 30.0
GRACE_S = 60.0
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Ground:
    """A running server with a job store.

    Attributes:
        folder: Where its data and logs are.
        url: Its address, password included.
        settings: Of everything that uses it.
        store: The job store, as API and worker open it.
        connection: To look at it and to configure it.
    """

    folder: Path
    url: str
    settings: Settings
    store: JobStore
    connection: redis.Redis

    def set_fsync(self, appendfsync: str) -> None:
        """Choose when the append-only file is synced: `always` or `everysec`."""
        self.connection.config_set("appendfsync", appendfsync)

    def used_bytes(self) -> int:
        """Memory that the server has allocated for its data."""
        return int(self.connection.info("memory")["used_memory"])

    def beat(self) -> None:
        """Say as a worker does that one is there: a submission is then promised a time."""
        offer = LineOffer(LINE, STYLE, VERSION, json.dumps(CARD), SECONDS_PER_MP, 8)
        self.store.leases("bench").heartbeat(
            name="bench", device="cpu", state=WorkerState.READY, offers=[offer]
        )


def settings_of(url: str) -> Settings:
    """Return the settings of a service with this store and room for any number of jobs."""
    return Settings(
        redis_url=SecretStr(url),
        objects="local",
        max_open_jobs=ROOM,
        max_open_jobs_per_caller=ROOM,
    )


@contextlib.contextmanager
def running_ground() -> Iterator[Ground]:
    """Run a fresh server, synced with every write, and a worker's beat; leaves nothing behind."""
    OUT.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="queue-", dir=OUT)).resolve()
    server = redis_server.prepare(folder)
    with (folder / "redis.log").open("ab") as log:
        child = child_processes.start_child(server.command(), stdout=log, stderr=log)
    try:
        child_processes.wait_until_ready(child, server.is_ready, name="redis", timeout_s=READY_S)
        with _opened(folder, server.url) as ground, _beating(ground):
            yield ground
    finally:
        child_processes.stop_child(child, grace_s=GRACE_S)
        shutil.rmtree(folder)


@contextlib.contextmanager
def _opened(folder: Path, url: str) -> Iterator[Ground]:
    settings = settings_of(url)
    store = JobStore.from_settings(settings, timeout_s=TIMEOUT_S)
    with redis.Redis.from_url(url, socket_timeout=TIMEOUT_S) as connection:
        connection.config_set("maxmemory", MAXMEMORY)
        yield Ground(folder, url, settings, store, connection)
    store.redis.close()


@contextlib.contextmanager
def _beating(ground: Ground) -> Iterator[None]:
    stopping = threading.Event()
    ground.beat()

    def beat() -> None:
        while not stopping.wait(BEAT_EVERY_S):
            ground.beat()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def submissions(metadata: Mapping[str, str] = METADATA) -> Iterator[Submission]:
    """Yield submissions of distinct photos without end, as the API composes them.

    A hundred callers take turns, with all priorities: so many flows has the line.
    """
    params = Params.canonical(
        strength=0.7,
        size=1024,
        picture_format=PictureFormat.JPEG,
        quality=92,
        photo_long_side_px=4000,
    )
    width, height = work_size(4000, 3000, params.size)
    callers = cycle(f"studio-{number:02}" for number in range(CALLERS))
    for caller, priority in zip(callers, cycle(Priority), strict=False):  # both without end
        yield Submission(
            job_id=new_job_id(),
            caller=Caller(caller, frozenset({Scope.JOBS}), Share()),
            priority=priority,
            style=STYLE,
            version=VERSION,
            line=LINE,
            identity=Identity(secrets.token_hex(32), params, f"caller:{caller}"),
            work_px=width * height,
            source_type="image/jpeg",
            span_s=86_400.0,
            input_name=new_input_name(),
            metadata=dict(metadata),
        )


def picture_of(claim: Claim) -> Output:
    """What a worker says of a picture that it has stored."""
    return Output(claim.output_name, "image/jpeg", 1024, 768, 231_044, "0" * 64)


def argument_of(submission: Submission) -> str:
    """The one argument that both scripts of a submission are given."""
    given = {name: value for name, value in submission.arguments().items() if value is not None}
    return json.dumps(given, separators=(",", ":"))


def fill(ground: Ground, count: int, *, metadata: Mapping[str, str] = METADATA) -> None:
    """Submit so many photos, in pipelines from as many processes as there are cores."""
    portions = [PORTION] * (count // PORTION) + [count % PORTION] * bool(count % PORTION)
    with ProcessPoolExecutor(cores(), mp_context=get_context("spawn")) as pool:
        # Unlike `submit` for each, this gives up the rest when one fails.
        done = pool.map(_fill, repeat(ground.url), portions, repeat(dict(metadata)))
        for number, _ in enumerate(done, 1):
            if number % 10 == 0:
                say(f"{sum(portions[:number]):,} of {count:,} wait")


def _fill(url: str, count: int, metadata: Mapping[str, str]) -> None:
    """Submit so many photos from this process."""
    texts = compose(Policy.from_settings(settings_of(url)))
    source = submissions(metadata)
    with redis.Redis.from_url(url, socket_timeout=TIMEOUT_S) as connection:
        shas = {verb: str(connection.script_load(texts[verb])) for verb in ("admit", "enqueue")}
        while count > 0:
            some = [argument_of(one) for one in islice(source, min(PIPELINE, count))]
            _call_all(connection, shas["admit"], some, b"need_input")
            _call_all(connection, shas["enqueue"], some, b"queued")
            count -= len(some)


def _call_all(connection: redis.Redis, sha: str, arguments: Sequence[str], outcome: bytes) -> None:
    with connection.pipeline(transaction=False) as pipe:
        for argument in arguments:
            pipe.evalsha(sha, 0, argument)
        for answer in pipe.execute():
            if b'"outcome":"%s"' % outcome not in answer:
                raise NeverHappened(f"a submission is {outcome!r}; it is {answer!r}")
