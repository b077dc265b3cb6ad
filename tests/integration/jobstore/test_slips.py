"""Slips: what one broken record, one slow keeper or one stubborn object must not stop."""

import pytest

from common.errors import StorageError
from common.jobs import Job, JobStatus
from common.jobstore.leases import NoClaim, Verdict
from common.jobstore.submissions import Submission
from tests.integration.jobstore.builders import (
    LINE,
    START_MS,
    ClockedStore,
    Worker,
    key_of,
    policy,
    submission,
    submit,
)


def view(clocked: ClockedStore, sent: Submission) -> Job:
    return clocked.store.jobs.view(sent.job_id, sent.caller.name)


def break_render(clocked: ClockedStore, sent: Submission) -> None:
    """Delete a record by hand."""
    assert clocked.redis.delete(f"celshade:render:{key_of(sent)}") == 1


def broken(clocked: ClockedStore) -> int:
    return clocked.store.overviews.overview().counts.get("records_broken", 0)


@pytest.mark.parametrize("state", ["running", "delayed", "waiting"])
def test_a_render_without_a_record_fails_and_holds_up_nothing(
    clean_redis_url: str, state: str
) -> None:
    clocked = ClockedStore(clean_redis_url)  # what is broken does not add up: no recount here
    first, second = submission("first"), submission("second")
    submit(clocked.store, first)
    submit(clocked.store, second)
    worker = Worker(clocked.store, "worker")
    if state != "waiting":
        claim = worker.take()
        if state == "delayed":
            worker.fail(claim, StorageError())
        Worker(clocked.store, "dead").take()
    break_render(clocked, first)
    worker.held.clear()
    clocked.pass_time(10)
    taken = Worker(clocked.store, "other").take()
    assert taken.key == key_of(second)
    failure = view(clocked, first).failure
    assert failure is not None
    assert (failure.code, failure.retryable) == ("internal", True)
    assert broken(clocked) == 1
    worker.renew()
    assert not clocked.redis.exists("celshade:held:worker")
    clocked.close()


def test_a_deadline_without_a_job_holds_up_no_other(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url)
    first, second = submission("first", span_s=5.0), submission("second", span_s=6.0)
    for sent in (first, second):
        submit(clocked.store, sent)
    clocked.redis.delete(f"celshade:job:{first.job_id}")
    clocked.pass_time(8)
    assert view(clocked, second).status is JobStatus.EXPIRED
    assert broken(clocked) == 1
    assert clocked.redis.zcard("celshade:deadlines") == 0
    clocked.close()


@pytest.mark.parametrize("gap_ms", [3_100, 10_000])
def test_a_keeper_that_is_always_slow_still_reaps(clocked: ClockedStore, gap_ms: int) -> None:
    lost, late = submission("lost"), submission("late", span_s=20.0)
    submit(clocked.store, lost)
    submit(clocked.store, late)
    Worker(clocked.store).take()
    clocked.store.maintenance.reap()
    for _ in range(8):
        clocked.set_time(clocked.now_ms + gap_ms)
        clocked.store.maintenance.reap()
    assert view(clocked, late).status is JobStatus.EXPIRED
    claim = Worker(clocked.store).take()
    assert (claim.key, claim.attempt) == (key_of(lost), 2)


def test_two_freezes_in_a_row_lose_no_lease(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    claim = worker.take()
    clocked.store.maintenance.reap()
    for _ in range(3):
        clocked.set_time(clocked.now_ms + 60_000)
        assert clocked.store.maintenance.reap().held
        clocked.set_time(clocked.now_ms + 1_000)
        assert clocked.store.maintenance.reap().held
    clocked.pass_time(20, renewing=(worker,))
    assert worker.complete(claim) is Verdict.COMMITTED


def test_deadlines_pass_while_leases_are_held(clocked: ClockedStore) -> None:
    sent = submission(span_s=5.0)
    submit(clocked.store, sent)
    clocked.store.maintenance.reap()
    clocked.set_time(clocked.now_ms + 10_000)
    reaping = clocked.store.maintenance.reap()
    assert (reaping.held, reaping.expired) == (True, 1)
    assert Worker(clocked.store).claim() is NoClaim.EMPTY  # nobody waits for it any more


def test_a_reap_is_bounded_in_jobs_and_says_that_there_is_more(clocked: ClockedStore) -> None:
    for photo in "abcd":
        for _ in range(3):
            submit(clocked.store, submission(photo))
    dead = Worker(clocked.store)
    for _ in "abcd":
        dead.take()
    clocked.pass_time(5)
    clocked.set_time(clocked.now_ms + 1_500)
    answers = [clocked.store.redis.call("reap", most=200, most_jobs=5) for _ in range(3)]
    assert [(answer["lost"], answer["more"]) for answer in answers] == [
        (2, True), (2, False), (0, False),
    ]  # fmt: skip


def test_what_cannot_be_deleted_keeps_nothing_else(clocked: ClockedStore) -> None:
    names = {f"inputs/{number:032x}" for number in range(450)}
    for name in names:
        clocked.redis.zadd("celshade:doomed", {name: clocked.now_ms - 1})
    seen = set[str]()
    for _ in range(3):  # nothing is ever confirmed
        clocked.set_time(clocked.now_ms + 1_000)
        seen |= set(clocked.store.maintenance.begin_sweep())
    assert seen == names


def test_a_forgotten_line_is_named_until_its_queue_is_gone(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(unseen_ms=1_000))
    worker, maintenance = Worker(clocked.store), clocked.store.maintenance
    worker.beat()
    clocked.set_time(clocked.now_ms + 2_000)
    assert [maintenance.expire().lines for _ in range(2)] == [(LINE,), (LINE,)]
    worker.beat()  # it is back: its queue is in use
    assert maintenance.expire().lines == ()
    clocked.set_time(clocked.now_ms + 2_000)
    assert maintenance.expire().lines == (LINE,)
    maintenance.end_expiry([LINE])
    assert maintenance.expire().lines == ()
    clocked.close()


def test_work_for_a_forgotten_version_is_known_to_all(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(unseen_ms=1_000))
    Worker(clocked.store).beat()
    sent = submission()
    clocked.store.submissions.admit(sent)
    clocked.set_time(clocked.now_ms + 5_000)
    assert clocked.store.maintenance.expire().lines == (LINE,)
    clocked.store.submissions.enqueue(sent)
    (line,) = clocked.store.overviews.overview().lines
    assert (line.name, line.style, line.version, line.waiting) == (LINE, "ink", LINE[4:], 1)
    assert clocked.store.maintenance.expire().lines == ()
    clocked.store.jobs.delete(sent.job_id, "ann")
    assert clocked.store.maintenance.expire().lines == (LINE,)
    assert not [key for key in clocked.redis.scan_iter("*") if LINE in str(key)]
    clocked.close()


def test_a_version_with_a_pausing_render_is_not_forgotten(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(unseen_ms=1_000))
    worker = Worker(clocked.store)
    worker.beat()
    submit(clocked.store, submission())
    worker.fail(worker.take(), StorageError())
    clocked.set_time(clocked.now_ms + 1_500)
    assert clocked.store.maintenance.expire().lines == ()
    clocked.close()


def test_more_attempts_than_pauses(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(attempts=4))
    sent = submission()
    submit(clocked.store, sent)
    worker = Worker(clocked.store)
    for verdict in (Verdict.DELAYED, Verdict.DELAYED, Verdict.DELAYED, Verdict.FAILED):
        assert worker.fail(worker.take(), StorageError()) is verdict
        clocked.pass_time(12)
    assert view(clocked, sent).attempts == 4
    clocked.close()


def test_a_step_back_puts_no_deadline_off(clocked: ClockedStore) -> None:
    sent = submission(span_s=60.0)
    submit(clocked.store, sent)
    clocked.store.maintenance.reap()
    clocked.set_time(START_MS - 30 * 86_400_000)
    clocked.pass_time(70)
    assert view(clocked, sent).status is JobStatus.EXPIRED


def test_a_step_back_keeps_no_doomed_object(clocked: ClockedStore) -> None:
    sent = submission()
    clocked.store.submissions.admit(sent)
    clocked.set_time(START_MS - 30 * 86_400_000)
    assert clocked.store.maintenance.begin_sweep() == ()
    clocked.set_time(clocked.now_ms + 86_400_000)
    assert clocked.store.maintenance.begin_sweep() == (sent.input_name,)
