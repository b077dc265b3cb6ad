"""The one disk of the whole service is full, or refuses: callers hear 503, and nothing is lost.

Pictures, uploads, logs, pid files and Redis' append-only file lie on it. A Redis that syncs every
write ends itself when one fails, and comes back; nobody else may end, and nothing half-written may
stay behind.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from common.processes.pid_file import read_pid
from tests.e2e.caller import Caller, Job
from tests.e2e.conftest import Calling
from tests.e2e.one_disk import OneDisk, one_disk
from tests.e2e.stack import ROOT, Stack, running_stack, until
from tests.support import disks
from tests.support.photos import flat_photo, grainy_photo
from tests.support.platforms import namespaces_only
from tests.support.styles import BLUE, GATE_VARIABLE

SIZE = "24m"
LASTING = ("api", "keeper", "worker-1", "worker-1-supervisor")
REFUSALS = 12
REDIS_DEATHS = 3
REFUSED_WITHIN_S = 3.0
MARGIN_S = 2.0  # for a machine that is busy with other things
AUDIT = """
import os, sys
from pathlib import Path
from common.settings import Settings
from common.objects.factory import open_local_store
from tests.support.audit import audit
settings = Settings(objects="local", data_dir=Path(sys.argv[1]))
audit(os.environ["REDIS_URL_TO_AUDIT"], open_local_store(settings))
"""

pytestmark = namespaces_only


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory beside whose `data` the supervisor's words are."""
    directory = tmp_path_factory.mktemp("stack")
    (directory / "data").mkdir()
    return directory


@pytest.fixture(scope="module")
def disk(directory: Path) -> Iterator[OneDisk]:
    """A disk of some megabytes, where the service's data will lie."""
    with one_disk(directory / "data", size=SIZE) as disk:
        yield disk


@pytest.fixture(scope="module")
def stack(directory: Path, disk: OneDisk, gate: Path) -> Iterator[Stack]:
    """A service with one worker, all on that disk; blue photos wait at the gate."""
    env = {
        "CELSHADE_EXTRA_STYLES": "tests.support.styles:MarkedStyle",
        "CELSHADE_STYLES": "marked",
        "CELSHADE_MAX_BATCH": "4",
        "CELSHADE_DRAIN_S": "1",
        GATE_VARIABLE: str(gate),
    }
    with running_stack(directory, env=env, within=disk.entering, data=disk.seen) as stack:
        yield stack


def assert_in_order(stack: Stack, disk: OneDisk) -> None:
    """The books agree with what lies there, and no draft of anything is left."""
    subprocess.run(
        [*disk.entering, sys.executable, "-c", AUDIT, str(disk.directory / "objects")],
        env={**os.environ, "PYTHONPATH": str(ROOT), "REDIS_URL_TO_AUDIT": stack.redis_url},
        check=True,
        timeout=60,
    )
    root = stack.layout.root
    drafts = [path for path in root.rglob("*") if path.name.startswith((".", "temp"))]
    strays = [path.relative_to(root).as_posix() for path in drafts if path.is_file()]
    assert strays == []


def assert_refused(answer: httpx.Response, took_s: float) -> None:
    """A 503 in time that says when to come back."""
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] in ("store_unavailable", "storage_unavailable"), answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    assert took_s <= REFUSED_WITHIN_S + MARGIN_S


class Insistence:
    """A caller who keeps on submitting photos of some ten KB, whatever the answers are."""

    def __init__(self, caller: Caller, seed: int) -> None:
        self._caller = caller
        self._random = random.Random(seed)  # noqa: S311 - photos, no secrets
        self.accepted: list[Job] = []
        self.refusals = 0

    def submit(self) -> None:
        """Submit another photo; a refusal must be one that a client can work with."""
        began_s = time.monotonic()
        answer = self._caller.post(grainy_photo(self._random), style="marked")
        if answer.status_code == 202:
            self.accepted.append(answer.json())
            return
        assert_refused(answer, time.monotonic() - began_s)
        self.refusals += 1


def redis_deaths(directory: Path) -> int:
    """How often the supervisor has seen Redis end by itself."""
    return (directory / "up.log").read_text().count("redis ended with exit code 1")


def pids(stack: Stack) -> dict[str, int | None]:
    return {name: read_pid(stack.layout.pid(name)) for name in LASTING}


def test_a_full_disk_is_said_and_loses_nothing(
    call: Calling, stack: Stack, disk: OneDisk, closed_gate: Path, directory: Path
) -> None:
    caller, before = call(stack), pids(stack)
    waiting = caller.submit_all([flat_photo(BLUE, number=n) for n in range(24)], style="marked")
    insistence = Insistence(caller, seed=1)
    with ThreadPoolExecutor(1) as pool:
        filling = pool.submit(disks.fill, disk.seen)
        while not filling.done():
            insistence.submit()
        filling.result()
    closed_gate.touch()  # what is rendered now finds no room for its picture, nor for its record
    while insistence.refusals < REFUSALS or redis_deaths(directory) < REDIS_DEATHS:
        insistence.submit()
    assert caller.http.get("/healthz").status_code == 200
    disks.clear(disk.seen)
    ended = caller.wait_for_all([*waiting, *insistence.accepted])
    assert {job["status"] for job in ended} == {"succeeded"}, ended
    assert pids(stack) == before
    after = caller.submit(flat_photo((30, 90, 150)), style="marked")
    assert caller.wait_for(after["id"])["status"] == "succeeded"
    assert_in_order(stack, disk)


def test_a_read_only_directory_is_said_and_loses_nothing(
    call: Calling, stack: Stack, disk: OneDisk, closed_gate: Path
) -> None:
    caller, before = call(stack), pids(stack)
    waiting = caller.submit_all([flat_photo(BLUE, number=50 + n) for n in range(6)], style="marked")
    insistence = Insistence(caller, seed=2)
    with disk.read_only("objects"):
        closed_gate.touch()
        for _ in range(REFUSALS):
            insistence.submit()
        assert insistence.accepted == []
        assert caller.http.get("/readyz").status_code == 503

        def has_failed() -> bool:  # not all do: after three in a row the worker takes no more
            seen = [caller.job(job["id"]) for job in waiting]
            return any(job["attempts"] and job["status"] == "queued" for job in seen)

        until(has_failed, "the worker has tried to store its pictures")
    ended = caller.wait_for_all(waiting)
    assert {job["status"] for job in ended} == {"succeeded"}, ended
    assert pids(stack) == before
    assert_in_order(stack, disk)
