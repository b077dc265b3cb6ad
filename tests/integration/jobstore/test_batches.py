"""Batches in the job store: who is in one, how one ends, and what a dead receiver leaves."""

import dataclasses
from typing import Any

import pytest

from common.errors import BatchBusy, BatchClosed, InvalidImage, NotFound, QueueFull
from common.jobs import JobStatus
from common.jobstore import JobStore
from common.jobstore.batches import Batch, BatchStatus, Begun, Closure
from common.jobstore.submissions import BatchPlace, Outcome, Submission
from tests.integration.jobstore.builders import ClockedStore, Worker, policy, submission, submit
from tests.integration.jobstore.recount import recount

PRINT = "f" * 64


def begin(store: JobStore, key: str | None = None) -> Begun:
    return store.batches.begin("ann", idempotency_key=key)


def send(
    store: JobStore, batch: Begun, number: int, image: str = "photo", **more: Any
) -> Submission:
    """Submit a photo as an item of a batch."""
    place = BatchPlace(batch.batch_id, number, f"{image}.jpg")
    sent = submission(image, place=place, **more)
    submit(store, sent)
    return sent


def refuse(store: JobStore, batch: Begun, number: int) -> None:
    place = BatchPlace(batch.batch_id, number, "notes.txt")
    store.batches.refuse(place, InvalidImage(), is_retryable=False)


def seal(store: JobStore, batch: Begun) -> None:
    store.batches.seal(batch.batch_id, fingerprint=PRINT)


def view(store: JobStore, batch: Begun) -> Batch:
    return store.batches.view(batch.batch_id, "ann")


def work(store: JobStore, times: int = 1) -> None:
    worker = Worker(store)
    for _ in range(times):
        worker.complete(worker.take())


def test_a_batch_runs_until_its_last_job_has_ended(store: JobStore) -> None:
    batch = begin(store)
    first, second = send(store, batch, 0, "one"), send(store, batch, 1, "two")
    assert view(store, batch).takes_photos
    seal(store, batch)
    work(store)
    seen = view(store, batch)
    assert (seen.status, seen.takes_photos, seen.completed_ms) == (BatchStatus.RUNNING, False, None)
    assert [item.job_id for item in seen.items] == [first.job_id, second.job_id]
    assert [item.status for item in seen.items] == [JobStatus.SUCCEEDED, JobStatus.QUEUED]
    assert [item.label for item in seen.items] == ["one.jpg", "two.jpg"]
    assert seen.last_open == second.job_id
    work(store)
    assert view(store, batch).status is BatchStatus.SUCCEEDED
    assert view(store, batch).completed_ms is not None


def test_a_refused_photo_spoils_nothing_but_itself(store: JobStore) -> None:
    batch = begin(store)
    refuse(store, batch, 0)
    send(store, batch, 1)
    seal(store, batch)
    work(store)
    seen = view(store, batch)
    assert seen.status is BatchStatus.SUCCEEDED_WITH_ERRORS
    bad = seen.items[0]
    assert (bad.job_id, bad.status, bad.failure and bad.failure.code) == (
        None,
        JobStatus.FAILED,
        "invalid_image",
    )


def test_nothing_good_is_failure(store: JobStore) -> None:
    batch = begin(store)
    refuse(store, batch, 0)
    seal(store, batch)
    assert view(store, batch).status is BatchStatus.FAILED


def test_duplicates_are_one_render(store: JobStore) -> None:
    batch = begin(store)
    for number in range(3):
        send(store, batch, number)
    seal(store, batch)
    work(store)
    assert {item.status for item in view(store, batch).items} == {JobStatus.SUCCEEDED}
    assert [item.cache for item in view(store, batch).items] == ["miss", "joined", "joined"]


def test_cancel_ends_what_is_open_and_keeps_what_is_done(store: JobStore) -> None:
    batch = begin(store)
    for number in range(3):
        send(store, batch, number, str(number))
    seal(store, batch)
    work(store)
    for _ in range(2):
        store.batches.cancel(batch.batch_id, "ann")
    seen = view(store, batch)
    assert (seen.status, seen.closure) == (BatchStatus.CANCELED, Closure.CANCELED)
    assert [item.status for item in seen.items] == ["succeeded", "canceled", "canceled"]


def test_cancel_of_what_has_ended_changes_nothing(store: JobStore) -> None:
    batch = begin(store)
    send(store, batch, 0)
    seal(store, batch)
    work(store)
    before = view(store, batch)
    store.batches.cancel(batch.batch_id, "ann")
    assert view(store, batch) == before


def test_a_retry_opens_the_batch_again(store: JobStore) -> None:
    batch = begin(store)
    sent = send(store, batch, 0)
    seal(store, batch)
    store.jobs.cancel(sent.job_id, "ann")
    assert view(store, batch).status is BatchStatus.CANCELED
    assert store.submissions.retry(sent).outcome is Outcome.QUEUED
    assert view(store, batch).status is BatchStatus.RUNNING
    work(store)
    assert view(store, batch).status is BatchStatus.SUCCEEDED


def test_a_deleted_job_stays_in_its_batch_as_it_ended(store: JobStore) -> None:
    batch = begin(store)
    sent = send(store, batch, 0)
    seal(store, batch)
    work(store)
    store.jobs.delete(sent.job_id, "ann")
    item = view(store, batch).items[0]
    assert (item.job_id, item.status, item.has_picture) == (
        sent.job_id,
        JobStatus.SUCCEEDED,
        False,
    )
    assert view(store, batch).status is BatchStatus.SUCCEEDED


def test_another_callers_batch_is_not_there(store: JobStore) -> None:
    batch = begin(store)
    send(store, batch, 0)
    with pytest.raises(NotFound):
        store.batches.view(batch.batch_id, "ben")
    with pytest.raises(NotFound):
        store.batches.cancel(batch.batch_id, "ben")
    assert view(store, batch).takes_photos


@pytest.mark.parametrize("verb", ["admit", "enqueue"])
def test_a_closed_batch_takes_no_more(store: JobStore, verb: str) -> None:
    batch = begin(store)
    late = submission("late", place=BatchPlace(batch.batch_id, 0, "late.jpg"))
    if verb == "enqueue":
        assert store.submissions.admit(late).outcome is Outcome.NEED_INPUT
    store.batches.cancel(batch.batch_id, "ann")
    with pytest.raises(BatchClosed):
        getattr(store.submissions, verb)(late)
    with pytest.raises(NotFound):
        store.jobs.view(late.job_id, "ann")
    for close in (store.batches.renew, lambda id_: store.batches.seal(id_, fingerprint=PRINT)):
        with pytest.raises(BatchClosed):
            close(batch.batch_id)
    with pytest.raises(BatchClosed):
        refuse(store, batch, 0)


def test_a_key_replays_what_was_received_whole(store: JobStore) -> None:
    batch = begin(store, "order 17")
    send(store, batch, 0)
    with pytest.raises(BatchBusy):
        begin(store, "order 17")
    seal(store, batch)
    assert begin(store, "order 17") == Begun(batch.batch_id, PRINT)
    assert begin(store, "order 18").batch_id != batch.batch_id
    assert store.batches.begin("ben", idempotency_key="order 17").fingerprint is None


def test_the_key_of_a_batch_that_broke_off_is_free(store: JobStore) -> None:
    batch = begin(store, "order 17")
    send(store, batch, 0)
    store.batches.cancel(batch.batch_id, "ann", cause=Closure.INCOMPLETE)
    assert view(store, batch).closure is Closure.INCOMPLETE
    again = begin(store, "order 17")
    assert again.batch_id != batch.batch_id
    assert again.fingerprint is None


def test_a_dead_receivers_batch_lapses_with_its_jobs(clocked: ClockedStore) -> None:
    store = clocked.store
    batch = begin(store, "order 17")
    done, open_ = send(store, batch, 0, "done"), send(store, batch, 1, "open")
    work(store)
    clocked.set_time(clocked.now_ms + 61_000)
    assert store.maintenance.lapse_batches() == 0, "the first look only warns"
    clocked.set_time(clocked.now_ms + 31_000)
    assert store.maintenance.lapse_batches() == 1
    seen = view(store, batch)
    assert (seen.status, seen.closure) == (BatchStatus.CANCELED, Closure.INCOMPLETE)
    assert store.jobs.view(done.job_id, "ann").status is JobStatus.SUCCEEDED
    assert store.jobs.view(open_.job_id, "ann").status is JobStatus.CANCELED
    assert begin(store, "order 17").batch_id != batch.batch_id


def test_a_batch_that_broke_off_before_its_first_photo_never_was(clocked: ClockedStore) -> None:
    batch = begin(clocked.store, "order 17")
    clocked.store.batches.cancel(batch.batch_id, "ann", cause=Closure.INCOMPLETE)
    with pytest.raises(NotFound):
        view(clocked.store, batch)
    assert list(clocked.redis.scan_iter("celshade:*")) == ["celshade:counts"]


def test_a_step_of_the_clock_ends_no_batch_whose_receiver_lives(clocked: ClockedStore) -> None:
    store = clocked.store
    batch = begin(store)
    send(store, batch, 0)
    for step_ms in (600_000, -600_000):
        clocked.set_time(clocked.now_ms + step_ms)
        store.maintenance.lapse_batches()
        store.batches.renew(batch.batch_id)
        clocked.set_time(clocked.now_ms + 31_000)
        assert store.maintenance.lapse_batches() == 0
    assert view(store, batch).takes_photos
    # One set before the step back is pulled in, not kept alive for ten minutes more.
    for _ in range(2):
        clocked.set_time(clocked.now_ms + 61_000)
        store.maintenance.lapse_batches()
    assert not view(store, batch).takes_photos


def test_without_memory_no_batch_begins_and_every_batch_ends(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(memory_guard=0.5))
    store = clocked.store
    batch = begin(store)
    send(store, batch, 0)
    clocked.redis.set("celshade:memory", "0.9")
    with pytest.raises(QueueFull):
        begin(store)
    with pytest.raises(QueueFull):
        send(store, batch, 1, "other")
    seal(store, batch)
    store.batches.cancel(batch.batch_id, "ann")
    assert view(store, batch).status is BatchStatus.CANCELED
    recount(clocked.redis)
    clocked.close()


def test_a_photo_sent_twice_after_a_lost_answer_is_one_item(store: JobStore) -> None:
    batch = begin(store)
    sent = send(store, batch, 0)
    assert store.submissions.enqueue(sent).outcome is Outcome.REPLAYED
    assert store.submissions.admit(dataclasses.replace(sent)).outcome is Outcome.REPLAYED
    assert len(view(store, batch).items) == 1
