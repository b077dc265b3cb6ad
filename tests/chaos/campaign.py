"""A campaign: callers at work, faults by the schedule, rest, then the checker and the report."""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path

import httpx
import redis

from common.jobstore.redis_keys import PREFIX
from tests.chaos.callers import Crowd
from tests.chaos.checker import Checker, own_exit_faults, same_picture_faults
from tests.chaos.faults import FaultRun, Faults
from tests.chaos.ground import Ground, running_ground
from tests.chaos.report import Report, make_report
from tests.chaos.schedule import WORKERS, Form, Kind, Schedule
from tests.chaos.submissions import Submission, flood, stream
from tests.chaos.told import Told
from tests.chaos.worker_logs import WorkerLogs
from tests.e2e.stack import until
from tests.support.receiver import receiving

CLAIMED_WITHIN_S = 60.0
POLL_EVERY_S = 0.1


@dataclass(frozen=True)
class Campaign:
    """What to do.

    Attributes:
        seed: Repeats a run.
        jobs: Single submissions, besides the flood of identical ones.
        length_s: How long faults last, seconds.
        settle_s: Longest time until everything has ended after the last fault, seconds.
        form: Says how long single faults last.
        identical: Submissions of the flood of one photo.
    """

    seed: int
    jobs: int
    length_s: float
    settle_s: float = 180.0
    form: Form = Form.SHORT
    identical: int = 500

    def run(self, directory: Path) -> tuple[Report, list[str]]:
        """Run it on a directory of its own; returns the figures and everything that is wrong."""
        with receiving() as receiver:
            return self._run_on(directory, Told(receiver))

    def _run_on(self, directory: Path, told: Told) -> tuple[Report, list[str]]:
        with running_ground(
            directory, workers=WORKERS, seed=self.seed, env=told.settings
        ) as ground:
            without = missing(ground)
            schedule = Schedule(
                self.seed, self.length_s, without=frozenset(without), form=self.form
            )
            say(str(schedule))
            for kind, reason in without.items():
                say(f"  left out: {kind} ({reason})")
            crowd = Crowd(
                ground.stack.url, ground.keys, seed=self.seed, webhook_url=told.receiver.url
            )
            try:
                return self._run(ground, crowd, schedule, told)
            finally:
                crowd.close()

    def _run(
        self, ground: Ground, crowd: Crowd, schedule: Schedule, told: Told
    ) -> tuple[Report, list[str]]:
        callers = list(ground.keys)
        singles = stream(self.seed, callers, self.jobs, self.length_s)
        same = flood(self.seed, callers[0], self.identical)
        planned, faults, events = [*singles, *same], Faults(ground), schedule.events()
        identical = Identical(ground, crowd, faults, same)
        run = FaultRun(faults, events, {Kind.IDENTICAL: identical.begin})
        began_s = time.time()
        sent = crowd.begin(singles)
        run.start()
        try:
            run.join()
        finally:
            run.stop()  # does nothing but when this run is broken off
        if run.failure is not None:
            raise run.failure
        rest_within_s = time.monotonic() + self.settle_s
        wait([*sent, *identical.sent()], timeout=self.settle_s)
        come_to_rest(ground, crowd, planned, rest_within_s)
        took_s = time.time() - began_s
        look_again(crowd, planned)
        report = make_report(
            planned=planned,
            history=crowd.history,
            logs=WorkerLogs(ground.stack.layout.logs),
            kills=faults.kills,
            spared=faults.spared,
            events=[(began_s + event.at_s, event) for event in events],
            counts=counters(ground),
            took_s=took_s,
            slowest_refusal_s=max(crowd.refusals_s(), default=0.0),
        )
        found = [
            *told.faults(crowd.history, planned),
            *Checker(ground, crowd, planned).faults(),
            *same_picture_faults(ground, same),
            *own_exit_faults(ground),
        ]
        return report, found


class Identical:
    """A flood of one photo, whose worker is killed while the flood comes in.

    Args:
        ground: The service.
        crowd: Its callers.
        faults: Kills the worker.
        planned: The flood.
    """

    def __init__(
        self, ground: Ground, crowd: Crowd, faults: Faults, planned: Sequence[Submission]
    ) -> None:
        self._ground = ground
        self._crowd = crowd
        self._faults = faults
        self._planned = planned
        self._thread = threading.Thread(target=self._run, name="identical", daemon=True)
        self._sent: list[Future[None]] = []

    def begin(self) -> None:
        """Let it begin, beside everything else."""
        self._thread.start()

    def sent(self) -> list[Future[None]]:
        """Wait for its kill, and return what tells when each is accepted."""
        self._thread.join()
        return self._sent

    def _run(self) -> None:
        try:
            self._sent = self._crowd.flood(self._planned)
            deadline_s = time.monotonic() + CLAIMED_WITHIN_S
            while time.monotonic() < deadline_s:
                jobs = {
                    job_id for submission in self._planned for job_id in list(submission.job_ids)
                }
                worker = WorkerLogs(self._ground.stack.layout.logs).claimed_by(jobs)
                if worker is not None:
                    self._faults.kill(f"worker-{worker}")
                    return
                time.sleep(POLL_EVERY_S)
            say("  nobody claimed the identical photos in time: their worker was not killed")
        finally:
            self._ground.gate.touch()


def come_to_rest(
    ground: Ground, crowd: Crowd, planned: Sequence[Submission], deadline_s: float
) -> None:
    """Wait until all has ended and all parts are back; the checker finds out what did not."""

    def has_ended() -> bool:
        ends = [
            crowd.history.last(job_id)
            for submission in planned
            for job_id in list(submission.job_ids)
        ]
        return len(ends) >= len(planned) and all(end and end.is_terminal for end in ends)

    conditions: tuple[Callable[[], bool], ...] = (has_ended, lambda: has_all_workers(ground))
    for condition in conditions:
        while not condition() and time.monotonic() < deadline_s:
            time.sleep(POLL_EVERY_S)
    until(lambda: has_all_workers(ground), "the service is ready again with all its workers")


def has_all_workers(ground: Ground, workers: int = WORKERS) -> bool:
    """Say whether the service is ready, with so many workers of a style."""
    key = next(iter(ground.keys.values()))
    try:
        ready = httpx.get(f"{ground.stack.url}/readyz")
        styles = httpx.get(
            f"{ground.stack.url}/v1/styles", headers={"Authorization": f"Bearer {key}"}
        )
    except httpx.TransportError:
        return False
    if ready.status_code != httpx.codes.OK or styles.status_code != httpx.codes.OK:
        return False
    return any(style["workers"]["ready"] == workers for style in styles.json()["data"])


def missing(ground: Ground) -> dict[Kind, str]:
    """Return the faults that cannot be done on this machine, and why."""
    without = {}
    if ground.clock is None:
        without[Kind.CLOCK_STEPPED] = "libfaketime is not installed here"
    if ground.storage_disk is None or ground.redis_disk is None:
        why = "this system lets nobody mount in a namespace of his own"
        without |= {Kind.STORAGE_FULL: why, Kind.REDIS_FULL: why}
    return without


def look_again(crowd: Crowd, planned: Sequence[Submission]) -> None:
    """Look at every job once more: what has ended must have stayed as it was."""
    for submission in planned:
        for job_id in submission.job_ids:
            crowd.callers[submission.caller].look(job_id)


def counters(ground: Ground) -> dict[str, int]:
    """Return the job store's own counters."""
    with redis.Redis.from_url(ground.stack.redis_url, decode_responses=True) as connection:
        return {name: int(count) for name, count in connection.hgetall(f"{PREFIX}counts").items()}


def say(text: str) -> None:
    """Print a line for whoever watches."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
