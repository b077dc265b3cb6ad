"""How fast hints are published and followed: Celery with a real worker process, and its floor.

The floor is Celery's own way, `send_task`, with a task that does nothing, through the same
application and the same kind of worker.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from celery import Celery

from benchmarks.queue_ground import LINE, Ground, submissions
from benchmarks.service import NeverHappened, until
from common.jobs import JobStatus
from common.jobstore.redis_keys import PREFIX
from common.jobstore.submissions import Submission
from common.processes import child_processes
from common.queue.celery_app import make_celery
from common.queue.hints import TASK_NAME, HintPublisher, HintQueues, queue_of
from common.settings import environment_with

TIMEOUT_S = 5.0
GRACE_S = 10.0
DRAINED_S = 120.0
KEY = "0" * 64
CARRIER_WORDS = (
    "Bare is a task that does nothing, sent by Celery's own send_task. What is followed lay in the "
    "queue before the worker was let go."
)


def carrier_rates(ground: Ground, jobs: int) -> Iterator[tuple[str, float]]:
    """Yield each rate per second with its words; needs an empty line and leaves one."""
    app = make_celery(ground.settings, publish_timeout_s=TIMEOUT_S)
    hints = HintPublisher(app)
    hints.publish(LINE, KEY)  # the connection, the queue
    HintQueues(app).delete(LINE)
    yield "bare task sent", _rate(jobs, lambda: _send_bare(app))
    yield "bare task followed", _followed(ground, app, jobs, "nothing")
    yield "hint sent", _rate(jobs, lambda: hints.publish(LINE, KEY))
    HintQueues(app).delete(LINE)
    wanted = submissions()
    yield (
        "submission with its hint sent",
        _rate(jobs, lambda: _submit(ground, hints, next(wanted))),
    )
    yield "hint followed, claimed and completed", _followed(ground, app, jobs, "claim")
    app.close()


def _rate(count: int, work: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    for _ in range(count):
        work()
    return count / (time.perf_counter() - begun_s)


def _send_bare(app: Celery) -> None:
    queue: Any = queue_of(LINE)  # Celery takes the object; its types know only names
    app.send_task(TASK_NAME, args=(LINE, KEY), queue=queue)


def _submit(ground: Ground, hints: HintPublisher, submission: Submission) -> None:
    verbs = ground.store.submissions
    verbs.admit(submission)
    verbs.enqueue(submission)
    hints.publish(LINE, submission.identity.key(LINE))


def _followed(ground: Ground, app: Celery, count: int, way: str) -> float:
    """Let a worker follow so many hints that wait already; how many a second it follows.

    They are put aside until the worker has started and followed one.
    """
    queue, aside = f"{PREFIX}line.{LINE}", f"{PREFIX}aside"
    ground.connection.rename(queue, aside)
    with _running_worker(ground, way):
        HintPublisher(app).publish(LINE, KEY)
        until(lambda: _is_drained(ground, queue), "the worker follows a hint")
        begun_s = time.monotonic()
        ground.connection.rename(aside, queue)
        until(lambda: _is_drained(ground, queue), "all are followed", timeout_s=DRAINED_S)
        took_s = time.monotonic() - begun_s
    left = ground.store.overviews.overview().states.get(JobStatus.QUEUED, 0)
    if left:
        raise NeverHappened(f"every hint finds its job; {left} still wait")
    return count / took_s


def _is_drained(ground: Ground, queue: str) -> bool:
    """Whether no hint waits and none is being followed."""
    connection = ground.connection
    return not connection.exists(queue) and not connection.exists(f"{PREFIX}unacked")


@contextlib.contextmanager
def _running_worker(ground: Ground, way: str) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.queue_consumer", way]
    environment = environment_with(redis_url=ground.url)
    with (ground.folder / "worker.log").open("ab") as log:
        child = child_processes.start_child(command, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        child_processes.stop_child(child, grace_s=GRACE_S)
