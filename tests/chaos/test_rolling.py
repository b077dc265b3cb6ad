"""Orderly change under load: rolling restarts lose nothing, and versions never mix their pixels."""

import contextlib
import io
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from common.processes import child_processes
from tests.chaos.callers import Crowd
from tests.chaos.campaign import has_all_workers
from tests.chaos.checker import Checker
from tests.chaos.ground import CALLERS, Ground, running_ground
from tests.chaos.styles import MODEL_VARIABLE, NAME
from tests.chaos.submissions import Submission, stream
from tests.chaos.worker_logs import stands_ready
from tests.e2e.caller import Caller, Job
from tests.e2e.stack import ROOT, until
from tests.support.photos import flat_photo

SEED = 11
WORKERS = 2
PER_S = 3.0
PER_RESTART = 40  # submissions: what outlasts its restart is sent at once
PATIENCE_S = 120.0  # generous: the machine may be busy
MOVE_AFTER_S = 3
WORKER_STOP_S = 40.0
ONCE = ("api", "worker-1")  # the other worker is another one of the same
ROUNDS = ("api", "worker-1", "worker-2") * 5
COLOUR, OLD, NEW = (200, 90, 30), (55, 165, 225), (225, 165, 55)


def _finish(crowd: Crowd, planned: Sequence[Submission], sent: list[Future[None]]) -> None:
    """Wait until all is submitted, at once from now on, and has ended."""
    for submission in planned:
        submission.due_s = 0.0
    wait(sent, timeout=PATIENCE_S)
    until(
        lambda: all(_has_ended(crowd, submission) for submission in planned), "all jobs have ended"
    )


def _has_ended(crowd: Crowd, submission: Submission) -> bool:
    ends = [crowd.history.last(job_id) for job_id in list(submission.job_ids)]
    return bool(ends) and all(end and end.is_terminal for end in ends)


def _restart(ground: Ground, name: str) -> None:
    """Stop a process in order, and wait until its successor serves."""
    ground.stack.wait_for_successor(name, ground.stack.kill(name, signal.SIGTERM))
    number = name.removeprefix("worker-")
    if number != name:
        logs = ground.stack.layout.logs
        until(lambda: stands_ready(logs, int(number)), f"{name} follows hints again")
    until(lambda: has_all_workers(ground, WORKERS), "the service is ready")


@pytest.mark.timeout(1200)  # workers start one after the other
@pytest.mark.parametrize(
    "restarts", [ONCE, pytest.param(ROUNDS, marks=pytest.mark.campaign)], ids=["once", "rounds"]
)
def test_rolling_restarts_fail_nothing_and_lose_nothing(
    tmp_path: Path, restarts: Sequence[str]
) -> None:
    count = PER_RESTART * len(restarts)
    planned = stream(SEED, list(CALLERS), count=count, length_s=count / PER_S)
    with (
        running_ground(tmp_path, workers=WORKERS, seed=SEED) as ground,
        closing(Crowd(ground.stack.url, ground.keys, seed=SEED)) as crowd,
    ):
        sent = crowd.begin(planned)
        for name in restarts:
            _restart(ground, name)
        _finish(crowd, planned, sent)
        assert Checker(ground, crowd, planned).faults() == []
    ends = [crowd.history.last(job_id) for submission in planned for job_id in submission.job_ids]
    assert Counter((end.status, end.attempts) for end in ends if end).keys() == {("succeeded", 1)}
    # Nobody was cut off in the middle: a port that is closed for a moment refuses, no more.
    met = Counter(refusal for submission in planned for refusal in submission.refusals)
    assert met.keys() <= {"ConnectError", "503"}


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """A service with one worker, of the old model, which takes one photo at a time."""
    env = {
        "CELSHADE_EXTRA_STYLES": "tests.chaos.styles:VersionedStyle",
        "CELSHADE_STYLES": NAME,
        "CELSHADE_MOVE_AFTER_S": str(MOVE_AFTER_S),
        "CELSHADE_MAX_BATCH": "1",
    }
    with running_ground(tmp_path, workers=1, seed=SEED, env=env) as ground:
        yield ground


@contextlib.contextmanager
def _new_worker(ground: Ground, directory: Path) -> Iterator[None]:
    """Run a worker with the new model, started by hand, for as long as the block lasts."""
    env = {
        **os.environ,
        **ground.variables,
        "PYTHONPATH": str(ROOT),
        "CELSHADE_WORKER_NAME": "worker-9",
        "CELSHADE_WORKER_THREADS": "1",
        MODEL_VARIABLE: "new",
    }
    with (ground.stack.layout.logs / "worker-9.log").open("ab") as log:
        child = child_processes.start_child(
            [sys.executable, "-m", "worker"], env=env, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        until(lambda: stands_ready(ground.stack.layout.logs, 9), "the new worker follows hints")
        yield
    finally:
        assert child_processes.stop_child(child, grace_s=WORKER_STOP_S) == 0


def _model_of(caller: Caller, job: Job) -> str:
    """Return the model that a finished job's pixels tell; the record must say the same."""
    with Image.open(io.BytesIO(caller.picture(job))) as picture:
        pixel = picture.convert("RGB").getpixel((20, 20))
    by_pixels = {OLD: "old", NEW: "new"}[pixel]  # type: ignore[index]  # three numbers, as RGB
    assert job["execution"]["model_digest"] == by_pixels
    return by_pixels


def _photos(first: int, count: int) -> list[bytes]:
    return [flat_photo(COLOUR, number=first + number) for number in range(count)]


@pytest.mark.timeout(600)
def test_a_new_version_beside_the_old_one_mixes_nothing_and_strands_nothing(
    ground: Ground, tmp_path: Path
) -> None:
    params = {"style": NAME, "strength": "1", "format": "png"}
    with Caller.of(ground.stack.url, ground.keys["ann"]) as ann:

        def models(photos: list[bytes]) -> set[str]:
            return {
                _model_of(ann, job) for job in ann.wait_for_all(ann.submit_all(photos, **params))
            }

        known, stranded = _photos(0, 8), _photos(100, 12)
        assert models(known) == {"old"}
        with ground.stack.frozen("worker-1"):
            waiting = ann.submit_all(stranded, **params)
            with _new_worker(ground, tmp_path):
                # What waited for the old version moved on; what that had drawn is drawn again.
                assert {_model_of(ann, job) for job in ann.wait_for_all(waiting)} == {"new"}
                assert models([*known, *stranded]) == {"new"}
                os.kill(ground.stack.pid("worker-1"), signal.SIGCONT)
                assert models(_photos(200, 24)) == {"new"}  # the newest version is taken
        # The new one has gone: the old one serves, and hits its own pictures alone.
        assert models([*known, *_photos(300, 8)]) == {"old"}
