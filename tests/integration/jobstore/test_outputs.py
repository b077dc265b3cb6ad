"""Outputs: a picture is looked for once an hour, and one that vanished is led to by nobody."""

import dataclasses

from common.jobs import JobStatus
from common.jobstore import JobStore
from common.jobstore.submissions import Outcome, Submission
from tests.integration.jobstore.builders import ClockedStore, Worker, submission, submit
from tests.integration.jobstore.recount import recount

HOUR_MS = 3_600_000


def rendered(store: JobStore) -> Submission:
    """A job whose picture is there."""
    sent = submission()
    submit(store, sent)
    worker = Worker(store)
    worker.complete(worker.take())
    return sent


def name_of(store: JobStore, sent: Submission) -> str:
    output = store.jobs.view(sent.job_id, "ann").output
    assert output is not None
    return output.name


def test_what_was_just_made_is_not_looked_for(clocked: ClockedStore) -> None:
    rendered(clocked.store)
    clocked.set_time(clocked.now_ms + HOUR_MS)
    assert clocked.store.submissions.admit(submission()).outcome is Outcome.HIT


def test_an_old_hit_asks_for_a_look_once_an_hour(clocked: ClockedStore) -> None:
    store, made_ms = clocked.store, clocked.now_ms
    name = name_of(store, rendered(store))
    clocked.set_time(clocked.now_ms + HOUR_MS + 1)
    answer = store.submissions.admit(submission())
    assert (answer.outcome, answer.object_name) == (Outcome.CHECK_OUTPUT, name)
    assert store.outputs.is_due(name, made_ms)
    assert not store.outputs.is_due(name, made_ms), "one looks, the others go on"
    assert store.submissions.admit(submission()).outcome is Outcome.HIT
    store.outputs.seen(name)
    assert 3_590_000 < clocked.redis.pttl(f"celshade:present:{name}") <= HOUR_MS
    clocked.redis.delete(f"celshade:present:{name}")  # as Redis does after an hour
    assert store.outputs.is_due(name, made_ms)


def test_a_hit_may_be_taken_on_trust(clocked: ClockedStore) -> None:
    rendered(clocked.store)
    clocked.set_time(clocked.now_ms + HOUR_MS + 1)
    asked = dataclasses.replace(submission(), trusts_cache=True)
    assert clocked.store.submissions.admit(asked).outcome is Outcome.HIT


def test_what_vanished_is_rendered_anew(clocked: ClockedStore) -> None:
    store = clocked.store
    first = rendered(store)
    second = submission(caller="ben")
    assert store.submissions.admit(second).outcome is Outcome.HIT
    name = name_of(store, first)
    assert store.outputs.vanished(name) == 2
    for sent, caller in ((first, "ann"), (second, "ben")):
        job = store.jobs.view(sent.job_id, caller)
        assert (job.status, job.output and job.output.name) == (JobStatus.SUCCEEDED, "")
    assert store.maintenance.begin_sweep() == (name,)
    store.maintenance.end_sweep([name])
    assert submit(store, submission()).outcome is Outcome.QUEUED
    assert store.outputs.vanished(name) == 0, "a second word of it changes nothing"
    recount(clocked.redis, [first.input_name])
    assert store.jobs.delete(first.job_id, "ann").deleted == ("job",)


def test_a_retry_looks_as_well(clocked: ClockedStore) -> None:
    store = clocked.store
    canceled = submission()
    submit(store, canceled)
    store.jobs.cancel(canceled.job_id, "ann")
    rendered(store)
    clocked.set_time(clocked.now_ms + HOUR_MS + 1)
    assert store.submissions.retry(canceled).outcome is Outcome.CHECK_OUTPUT
    trusting = dataclasses.replace(canceled, trusts_cache=True)
    assert store.submissions.retry(trusting).outcome is Outcome.HIT
