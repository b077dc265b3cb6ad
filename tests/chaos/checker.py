"""The checker: what must hold once all faults are over. It names every fault and raises none.

"Accepted is a subset of ended": each accepted job ended exactly once per run, with one picture that
is the right one, or for a cause that the faults explain; and nothing is left behind.
"""

import io
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import redis
from PIL import Image

from common.jobstore.redis_keys import PREFIX
from tests.chaos.callers import Caller, Crowd
from tests.chaos.ground import Ground
from tests.chaos.history import Observation
from tests.chaos.submissions import Submission
from tests.chaos.worker_logs import WorkerLogs, own_exits
from tests.support.audit import audit

ATTEMPTS = 3
LOST_IN = 500  # fewer than one accepted job in so many may end as `worker_lost`
CAUSES = frozenset({"worker_lost", "storage_error"})
COLOUR_ERROR = 1
REFUSED_WITHIN_S = 3.0
MOST_LATE = 0.02  # share of refusals that a stall of the machine may hold up
BUSY_MARGIN_S = 2.0  # for a machine that is busy with the faults' aftermath
AUDITS, AUDIT_PAUSE_S = 10, 2.0
DOWNLOADS = 4


class Checker:
    """Looks at a service that has come to rest.

    Args:
        ground: The service.
        crowd: Its callers and what they saw.
        planned: What they submitted, all of it accepted.
    """

    def __init__(self, ground: Ground, crowd: Crowd, planned: Sequence[Submission]) -> None:
        self._ground = ground
        self._crowd = crowd
        self._planned = planned

    def faults(self) -> list[str]:
        """Return everything that is wrong, a sentence each."""
        return [
            *self._unfit_answers(),
            *self._crowd.history.faults(),
            *self._unfit_ends(WorkerLogs(self._ground.stack.layout.logs)),
            *self._unfit_pictures(),
            *self._unfit_books(),
        ]

    def _unfit_answers(self) -> Iterator[str]:
        """Yield submissions that are not exactly one job, and answers that are not understood."""
        for submission in self._planned:
            if len(submission.job_ids) != 1:
                jobs = submission.job_ids
                yield f"submission {submission.key} became {len(jobs)} jobs: {jobs}"
            yield from (
                f"submission {submission.key}: {surprise}" for surprise in submission.surprises
            )
        yield from self._crowd.history.surprises
        refusals_s = self._crowd.refusals_s()
        late_s = [took_s for took_s in refusals_s if took_s > REFUSED_WITHIN_S + BUSY_MARGIN_S]
        if len(late_s) > max(1, MOST_LATE * len(refusals_s)):
            yield f"{len(late_s)} of {len(refusals_s)} refusals took up to {max(late_s):.1f} s"

    def _unfit_ends(self, logs: WorkerLogs) -> Iterator[str]:
        """Yield jobs that have not ended, or have failed without an excuse."""
        lost = 0
        for job_id, end in self._ends():
            if end is None or not end.is_terminal:
                yield f"job {job_id} never ended: {end}"
            elif end.status != "succeeded" and end.error not in CAUSES:
                yield f"job {job_id} ended as {end}"
            elif end.error == "worker_lost":
                lost += 1
                claims = logs.claims_of(job_id)
                if end.attempts != ATTEMPTS or claims < ATTEMPTS:
                    yield f"job {job_id}: {end}, and the logs know {claims} attempts"
        if lost * LOST_IN >= max(len(self._planned), LOST_IN + 1):
            yield f"{lost} of {len(self._planned)} jobs ended as worker_lost"

    def _unfit_pictures(self) -> Iterator[str]:
        """Yield pictures that are not there, do not decode, or are not the right ones."""

        def fault_of(submission: Submission) -> str | None:
            caller = self._crowd.callers[submission.caller]
            return next(
                (
                    fault
                    for job_id in submission.job_ids
                    if (end := self._crowd.history.last(job_id)) and end.status == "succeeded"
                    if (fault := _picture_fault(caller, job_id, submission))
                ),
                None,
            )

        with ThreadPoolExecutor(DOWNLOADS) as pool:
            yield from (fault for fault in pool.map(fault_of, self._planned) if fault)

    def _unfit_books(self) -> Iterator[str]:
        """Yield what the job store and the storage hold and should not."""
        url = self._ground.stack.redis_url
        with redis.Redis.from_url(url, decode_responses=True) as connection:
            yield from _unfinished(connection)
            recorded = {key.rpartition(":")[2] for key in connection.scan_iter(f"{PREFIX}job:*")}
        accepted = {job_id for submission in self._planned for job_id in submission.job_ids}
        yield from (f"job {job_id} was accepted and is gone" for job_id in accepted - recorded)
        yield from (f"job {job_id} is nobody's submission" for job_id in recorded - accepted)
        yield from self._audit_faults()

    def _audit_faults(self) -> list[str]:
        """Audit until nothing is found: what is being swept at this moment is no fault."""
        for left in reversed(range(AUDITS)):
            try:
                audit(self._ground.stack.redis_url, self._ground.objects)
            except AssertionError as error:
                if not left:
                    return str(error).splitlines()
                time.sleep(AUDIT_PAUSE_S)
            else:
                break
        return []

    def _ends(self) -> Iterator[tuple[str, Observation | None]]:
        for submission in self._planned:
            for job_id in submission.job_ids:
                yield job_id, self._crowd.history.last(job_id)


def _unfinished(connection: Any) -> Iterator[str]:
    """Yield leases, waiting renders and the like in a store where every job has ended."""
    for name in ("leases", "delayed", "deadlines"):
        if members := connection.zrange(f"{PREFIX}{name}", 0, -1):
            yield f"{name} still holds {members}"
    for kind in ("line", "suspects", "attached", "held"):
        for key in connection.scan_iter(f"{PREFIX}{kind}:*"):
            yield f"{key} is still there"
    for key in connection.scan_iter(f"{PREFIX}render:*"):
        state = connection.hget(key, "state")
        if state != "done":
            yield f"{key} is still {state}"
    for key in connection.scan_iter(f"{PREFIX}clock:*"):
        waiting, running = connection.hmget(key, "waiting_px", "running_px")
        if int(waiting or 0) or int(running or 0):
            yield f"{key} counts {waiting} pixels that wait and {running} that run"


def _picture_fault(caller: Caller, job_id: str, submission: Submission) -> str | None:
    """Say what is wrong with a job's picture, if anything."""
    try:
        with Image.open(io.BytesIO(caller.picture(job_id))) as picture:
            picture.load()
            size, middle = picture.size, picture.convert("RGB").getpixel((20, 20))
    except (httpx.HTTPError, OSError, SyntaxError) as error:
        return f"job {job_id} has no picture: {error}"
    if not isinstance(middle, tuple) or size != (submission.size_px, submission.size_px):
        return f"job {job_id} has a picture of {size}"
    pairs = zip(middle, submission.picture_colour, strict=True)
    if any(abs(found - wanted) > COLOUR_ERROR for found, wanted in pairs):
        return f"job {job_id} has a picture in {middle}, not {submission.picture_colour}"
    return None


def same_picture_faults(ground: Ground, flood: Iterable[Submission]) -> list[str]:
    """Say what is wrong with the answers to identical photos: they are one picture."""
    with redis.Redis.from_url(ground.stack.redis_url, decode_responses=True) as connection:
        jobs = [
            connection.hgetall(f"{PREFIX}job:{job_id}") for one in flood for job_id in one.job_ids
        ]
    if any(job.get("status") != "succeeded" for job in jobs):
        causes = Counter(json.loads(job["error"])["code"] for job in jobs if "error" in job)
        return [f"of {len(jobs)} identical photos not all succeeded: {dict(causes)}"]
    names = {job["output_name"] for job in jobs}
    return [] if len(names) == 1 else [f"identical photos became {len(names)} pictures"]


def own_exit_faults(ground: Ground) -> list[str]:
    """Name the worker processes that ended though nobody killed them: no outage is a reason."""
    exits = own_exits(ground.stack.layout.logs)
    return [f"{said} by itself, {count} times" for said, count in exits.items()]
