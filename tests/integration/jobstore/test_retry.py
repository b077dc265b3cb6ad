"""Retry: what the next run takes over, what it forgets, and what a refused one leaves alone."""

import dataclasses

import pytest

from common.errors import (
    DecodeFailed,
    ExecutionTimeout,
    InternalError,
    OutOfMemory,
    QueueFullForKey,
    RenderError,
    StorageError,
    WorkerLost,
)
from common.jobs import JobStatus
from common.jobstore import JobStore
from common.jobstore.submissions import Outcome
from tests.integration.jobstore.builders import (
    OTHER_LINE,
    ClockedStore,
    Worker,
    policy,
    submission,
    submit,
)


def lose(store: JobStore, cause: type[RenderError]) -> None:
    """Let the one render that waits end for a cause."""
    worker = Worker(store)
    if cause.retryable:
        for _ in range(3):
            worker.release(worker.take(), lost_as=cause)
    else:
        worker.fail(worker.take(), cause())


@pytest.mark.parametrize(
    ("cause", "is_remembered"),
    [
        (DecodeFailed, True),
        (OutOfMemory, True),
        (WorkerLost, True),
        (ExecutionTimeout, True),
        (StorageError, False),
        (InternalError, False),
    ],
)
def test_what_is_remembered(store: JobStore, cause: type[RenderError], is_remembered: bool) -> None:
    submit(store, submission())
    lose(store, cause)
    outcome = submit(store, submission(caller="ben")).outcome
    assert outcome is (Outcome.FAILED if is_remembered else Outcome.QUEUED)


def test_a_refused_retry_leaves_the_failure_remembered(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(open_caller_max=1))
    bad = submission("bad")
    submit(clocked.store, bad)
    lose(clocked.store, DecodeFailed)
    opened = submission("open")
    submit(clocked.store, opened)
    with pytest.raises(QueueFullForKey):
        clocked.store.submissions.retry(bad)
    again = submission("bad", caller="ben")
    assert clocked.store.submissions.admit(again).outcome is Outcome.FAILED
    clocked.store.jobs.cancel(opened.job_id, "ann")
    assert clocked.store.submissions.retry(bad).outcome is Outcome.QUEUED
    assert clocked.redis.keys("celshade:failure:*") == []
    clocked.close()


def test_the_next_run_has_times_of_its_own(clocked: ClockedStore) -> None:
    sent = submission(span_s=1_000.0)
    submit(clocked.store, sent)
    begun = clocked.now_ms
    lose(clocked.store, DecodeFailed)
    clocked.set_time(clocked.now_ms + 5_000)
    clocked.store.submissions.retry(sent)
    seen = clocked.store.jobs.view(sent.job_id, "ann")
    assert (seen.created_ms, seen.submitted_ms) == (begun, begun + 5_000)
    assert (seen.status, seen.started_ms, seen.finished_ms) == (JobStatus.QUEUED, None, None)
    clocked.set_time(clocked.now_ms + 2_000)
    Worker(clocked.store).take()
    assert clocked.store.jobs.view(sent.job_id, "ann").started_ms == begun + 7_000


def test_it_goes_to_the_version_it_names(clocked: ClockedStore) -> None:
    sent = submission()
    submit(clocked.store, sent)
    lose(clocked.store, InternalError)
    again = dataclasses.replace(sent, line=OTHER_LINE, version=OTHER_LINE[4:])
    clocked.store.submissions.retry(again)
    assert Worker(clocked.store).take(OTHER_LINE).version == OTHER_LINE[4:]
