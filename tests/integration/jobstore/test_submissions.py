"""Submissions: hits, joins, caps, idempotency keys, remembered failures, and what retry makes."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.errors import (
    DecodeFailed,
    IdempotencyKeyReuse,
    InternalError,
    NotCached,
    NotFound,
    NotRetryable,
    QueueFull,
    QueueFullForKey,
    StorageUnavailable,
)
from common.jobs import CacheStatus, Job, JobStatus
from common.jobstore import JobStore
from common.jobstore.leases import NoClaim, Verdict
from common.jobstore.submissions import Outcome, Submission
from tests.integration.jobstore.builders import (
    LINE,
    OTHER_LINE,
    ClockedStore,
    Worker,
    caller_named,
    policy,
    submission,
    submit,
    target_line,
)
from tests.integration.jobstore.recount import Dump, recount


def view(store: JobStore, sent: Submission) -> Job:
    return store.jobs.view(sent.job_id, sent.caller.name)


def test_a_hundred_at_once_are_one_render(store: JobStore) -> None:
    sent = [submission(caller=f"caller-{n % 10}") for n in range(100)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = [answer.outcome for answer in pool.map(lambda one: submit(store, one), sent)]
    assert sorted(set(outcomes)) == [Outcome.JOINED, Outcome.QUEUED]
    assert outcomes.count(Outcome.QUEUED) == 1
    worker = Worker(store)
    assert worker.complete(worker.take()) is Verdict.COMMITTED
    assert worker.claim() is NoClaim.EMPTY
    assert {view(store, one).status for one in sent} == {JobStatus.SUCCEEDED}
    assert len({view(store, one).output for one in sent}) == 1


def test_a_repeated_photo_is_a_hit_and_says_how_old(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    worker.complete(worker.take())
    clocked.set_time(clocked.now_ms + 2_500)
    again = submission(caller="ben")
    assert clocked.store.submissions.admit(again).outcome is Outcome.HIT
    seen = view(clocked.store, again)
    assert (seen.cache, seen.cache_age_s, seen.attempts) == (CacheStatus.HIT, 2.5, 1)
    assert worker.claim() is NoClaim.EMPTY
    assert clocked.redis.zcard("celshade:doomed") == 0  # no name was given out for an upload


def test_a_picture_goes_with_its_last_job(store: JobStore) -> None:
    first, second = submission(), submission(caller="ben")
    submit(store, first)
    worker = Worker(store)
    worker.complete(worker.take())
    submit(store, second)
    assert store.jobs.delete(first.job_id, "ann").retained == ("source", "result")
    assert store.jobs.delete(second.job_id, "ben").deleted == ("job", "source", "result")
    assert submit(store, submission()).outcome is Outcome.QUEUED


def test_bypass_neither_joins_nor_hits(store: JobStore) -> None:
    submit(store, submission())
    fresh = submission(bypass=True)
    fresh = dataclasses.replace(
        fresh, identity=dataclasses.replace(fresh.identity, salt=fresh.job_id)
    )
    assert submit(store, fresh).outcome is Outcome.QUEUED
    assert view(store, fresh).cache is CacheStatus.BYPASS


def test_only_if_cached_asks_for_nothing(store: JobStore) -> None:
    with pytest.raises(NotCached):
        store.submissions.admit(submission(only_if_cached=True))


@pytest.mark.parametrize(
    ("figures", "error"),
    [
        ({"open_max": 1}, QueueFull),
        ({"open_caller_max": 1}, QueueFullForKey),
        ({"attached_max": 1}, QueueFullForKey),
    ],
)
def test_a_refusal_leaves_nothing(
    clean_redis_url: str, figures: dict[str, int], error: type[Exception]
) -> None:
    clocked = ClockedStore(clean_redis_url, policy(**figures))
    submit(clocked.store, submission())
    before = Dump.read(clocked.redis)
    late = submission()
    with pytest.raises(error):
        clocked.store.submissions.admit(late)
    assert Dump.read(clocked.redis) == before
    clocked.redis.zadd("celshade:doomed", {late.input_name: clocked.now_ms + 1000})
    with pytest.raises(error):
        clocked.store.submissions.enqueue(late)  # the upload came while the room went
    assert late.input_name in clocked.store.maintenance.begin_sweep()
    recount(clocked.redis, [late.input_name])
    clocked.close()


def test_hits_are_served_when_nothing_else_is(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(open_max=1))
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    worker.complete(worker.take())
    submit(clocked.store, submission("other"))
    assert submit(clocked.store, submission(caller="ben")).outcome is Outcome.HIT
    clocked.close()


def test_above_the_memory_guard_nothing_is_admitted(store: JobStore) -> None:
    waiting = submission()
    submit(store, waiting)
    store.jobs.cancel(waiting.job_id, "ann")
    store.redis.call("note_memory", used_share=0.86)
    with pytest.raises(QueueFull):
        store.submissions.admit(submission("other"))
    with pytest.raises(QueueFull):
        store.submissions.retry(waiting)
    store.redis.call("note_memory", used_share=0.5)
    assert store.submissions.retry(waiting).outcome is Outcome.QUEUED


@pytest.mark.parametrize("letters", [0, 50, 51, 64, 1000])
def test_metadata_come_back_whole_and_leave_the_record_packed(
    clocked: ClockedStore, letters: int
) -> None:
    sent = submission(metadata={"note": "a" * letters, "word": "é"} if letters else {})
    submit(clocked.store, sent)
    assert view(clocked.store, sent).metadata == sent.metadata
    (listed,) = clocked.store.jobs.page("ann", status=None, cursor=None, limit=1).jobs
    assert listed.metadata == sent.metadata
    kept = clocked.store.submissions.resubmission(
        sent.job_id, sent.caller, lambda _: (sent.version, sent.line)
    )
    assert kept.metadata == sent.metadata
    assert kept.render_key == sent.render_key
    assert clocked.redis.object("encoding", f"celshade:job:{sent.job_id}") == "listpack"


def test_an_idempotency_key_answers_with_the_first_job(store: JobStore) -> None:
    first = submission(idempotency_key="mine", fingerprint="a")
    submit(store, first)
    again = submission(idempotency_key="mine", fingerprint="a")
    answer = store.submissions.admit(again)
    assert (answer.outcome, answer.job_id) == (Outcome.REPLAYED, first.job_id)
    with pytest.raises(IdempotencyKeyReuse):
        store.submissions.admit(submission("other", idempotency_key="mine", fingerprint="b"))
    foreign = submission("other", caller="ben", idempotency_key="mine", fingerprint="b")
    assert submit(store, foreign).outcome is Outcome.QUEUED


def test_one_idempotency_key_at_once_makes_one_job(store: JobStore) -> None:
    sent = [submission(str(n), idempotency_key="mine", fingerprint="a") for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: submit(store, one), sent))
    assert len({answer.job_id for answer in answers}) == 1
    assert store.overviews.overview().states == {"queued": 1}


def test_an_upload_that_was_swept_is_not_committed(clocked: ClockedStore) -> None:
    sent = submission()
    clocked.store.submissions.admit(sent)
    clocked.set_time(clocked.now_ms + 3_600_000)
    clocked.store.maintenance.end_sweep(clocked.store.maintenance.begin_sweep())
    for _ in range(2):  # the second time it is doomed again, and still not there
        with pytest.raises(StorageUnavailable):
            clocked.store.submissions.enqueue(sent)
    assert clocked.store.maintenance.begin_sweep() == (sent.input_name,)


def test_a_final_failure_answers_at_once_for_ten_minutes(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    worker.fail(worker.take(), DecodeFailed())
    again = submission(caller="ben")
    assert submit(clocked.store, again).outcome is Outcome.FAILED
    seen = view(clocked.store, again)
    assert seen.failure is not None
    assert (seen.failure.code, seen.failure.retryable, seen.attempts) == ("decode_failed", False, 1)
    with pytest.raises(NotRetryable):
        clocked.store.submissions.retry(again)  # nobody kept its photo
    clocked.set_time(clocked.now_ms + 600_000)
    assert submit(clocked.store, submission(caller="cem")).outcome is Outcome.QUEUED


def test_a_failure_that_may_pass_is_not_remembered(store: JobStore) -> None:
    sent = submission()
    submit(store, sent)
    worker = Worker(store)
    for _ in range(3):
        worker.release(worker.take(), lost_as=InternalError)
    assert view(store, sent).status is JobStatus.FAILED
    assert submit(store, submission()).outcome is Outcome.QUEUED


def test_retry_runs_the_same_job_again_and_no_other(clocked: ClockedStore) -> None:
    mine, other = submission(), submission(caller="ben")
    submit(clocked.store, mine)
    submit(clocked.store, other)
    worker = Worker(clocked.store)
    worker.fail(worker.take(), DecodeFailed())
    clocked.set_time(clocked.now_ms + 5_000)
    again = dataclasses.replace(mine, line=OTHER_LINE, version=OTHER_LINE[4:])
    assert clocked.store.submissions.retry(again).outcome is Outcome.QUEUED
    seen = view(clocked.store, mine)
    assert (seen.run, seen.status, seen.version) == (2, JobStatus.QUEUED, OTHER_LINE[4:])
    assert seen.deadline_ms == clocked.now_ms + 86_400_000
    assert view(clocked.store, other).run == 1
    worker.complete(worker.take(OTHER_LINE))
    assert view(clocked.store, mine).status is JobStatus.SUCCEEDED
    with pytest.raises(NotRetryable):
        clocked.store.submissions.retry(mine)
    with pytest.raises(NotFound):
        clocked.store.submissions.retry(dataclasses.replace(mine, caller=caller_named("ben")))


def test_a_moved_job_keeps_the_photo_of_the_render_it_joined(store: JobStore) -> None:
    stranded = submission(line=LINE)
    there = submission(caller="ben", line=OTHER_LINE, version=OTHER_LINE[4:])
    for sent in (stranded, there):
        submit(store, sent)
    (found,) = store.maintenance.stranded(LINE)
    assert store.maintenance.move(found, target_line())[0] == "joined"
    worker = Worker(store)
    worker.complete(worker.take(OTHER_LINE))
    store.jobs.delete(there.job_id, "ben")
    assert view(store, stranded).input_name == there.input_name
    assert stranded.input_name in store.maintenance.begin_sweep()
