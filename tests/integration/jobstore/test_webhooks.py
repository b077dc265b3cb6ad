"""Webhooks in the job store: what is announced, what the log shows, what signs."""

import pytest

from common.errors import DecodeFailed, NotFound, NotRetryable
from common.jobs import JobStatus
from common.jobstore import JobStore
from common.jobstore.batches import Closure
from common.jobstore.outbox import Sending
from common.jobstore.submissions import BatchPlace
from common.jobstore.webhooks import WebhookStatus
from tests.integration.jobstore.builders import ClockedStore, Worker, policy, submission, submit
from tests.integration.jobstore.recount import recount
from tests.integration.jobstore.webhook_jobs import HOOK, claim_one, drain, ended, log, record, send

PRINT = "f" * 64


# --- What is announced ---


def test_every_ending_is_announced_once(clocked: ClockedStore) -> None:
    store = clocked.store
    worker = Worker(store)
    done, failed, canceled, expired = (send(store, name, span_s=5) for name in "dfce")
    worker.complete(worker.take())
    worker.fail(worker.take(), DecodeFailed())
    store.jobs.cancel(canceled.job_id, "ann")
    hit = send(store, "d")
    clocked.pass_time(6)
    found = {due.subject: due.event for due in drain(store)}
    assert found == {
        done.job_id: "job.succeeded",
        hit.job_id: "job.succeeded",
        failed.job_id: "job.failed",
        canceled.job_id: "job.canceled",
        expired.job_id: "job.expired",
    }
    assert len(log(store)) == 5


def test_it_tells_the_job_and_where_to(store: JobStore) -> None:
    sent = ended(store, metadata={"album": "sea " * 40})
    due = claim_one(store)
    assert (due.id, due.caller, due.event) == (f"job_{sent.job_id}_1", "ann", "job.canceled")
    assert (due.url, due.base_url) == (HOOK.url, HOOK.base_url)
    assert due.job is not None
    assert (due.job.id, due.job.status) == (sent.job_id, JobStatus.CANCELED)
    assert due.job.metadata == sent.metadata


def test_a_job_without_a_webhook_announces_nothing(store: JobStore) -> None:
    ended(store, webhook=None)
    assert store.outbox.claim(most=5) == ()


def test_the_next_run_is_another_event_and_the_first_keeps_what_it_tells(store: JobStore) -> None:
    sent = ended(store)
    store.submissions.retry(sent)
    first = claim_one(store)
    assert first.job is not None
    assert (first.id[-2:], first.job.run, first.job.status) == ("_1", 1, JobStatus.CANCELED)
    worker = Worker(store)
    worker.complete(worker.take())
    second = claim_one(store)
    assert second.job is not None
    assert (second.id[-2:], second.event, second.job.run) == ("_2", "job.succeeded", 2)
    assert {record(store, due) for due in (first, second)} == {"delivered"}


def test_a_deleted_job_is_told_of_without_its_pictures(clocked: ClockedStore) -> None:
    store = clocked.store
    sent = send(store)
    store.jobs.delete(sent.job_id, "ann")
    due = claim_one(store)
    assert due.job is not None
    assert (due.event, due.job.pictures_gone) == ("job.canceled", True)
    assert record(store, due) == "delivered"
    assert "job" not in clocked.redis.hgetall(f"celshade:webhook:{due.id}")


def test_an_event_whose_job_was_lost_by_hand_ends(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url)
    sent = ended(clocked.store)
    clocked.redis.delete(f"celshade:job:{sent.job_id}")
    assert clocked.store.outbox.claim(most=5) == ()
    assert log(clocked.store)[0].status is WebhookStatus.SUPERSEDED
    clocked.close()


# --- Batches ---


def test_a_batch_tells_its_end_once_and_its_photos_nothing(store: JobStore) -> None:
    batch = store.batches.begin("ann", idempotency_key=None, webhook=HOOK)
    worker = Worker(store)
    for number, image in enumerate(("one", "one", "two")):
        place = BatchPlace(batch.batch_id, number, "a.jpg")
        submit(store, submission(image, place=place))
        if number == 1:
            worker.complete(worker.take())
            assert store.outbox.claim(most=5) == ()  # all are done, and more may come
    store.batches.seal(batch.batch_id, fingerprint=PRINT)
    store.batches.seal(batch.batch_id, fingerprint=PRINT)
    assert store.outbox.claim(most=5) == ()
    worker.complete(worker.take())
    due = claim_one(store)
    assert (due.id, due.event) == (f"batch_{batch.batch_id}_1", "batch.completed")
    assert (due.subject, due.job) == (batch.batch_id, None)
    assert record(store, due) == "delivered"


@pytest.mark.parametrize("cause", [Closure.CANCELED, Closure.INCOMPLETE])
@pytest.mark.parametrize("is_open", [True, False])
def test_a_batch_that_is_closed_tells_its_end_once(
    store: JobStore, cause: Closure, is_open: bool
) -> None:
    batch = store.batches.begin("ann", idempotency_key=None, webhook=HOOK)
    submit(store, submission(place=BatchPlace(batch.batch_id, 0, "a.jpg")))
    if not is_open:
        worker = Worker(store)
        worker.complete(worker.take())
    for _ in range(2):
        store.batches.cancel(batch.batch_id, "ann", cause=cause)
    assert claim_one(store).id == f"batch_{batch.batch_id}_1"
    assert len(log(store)) == 1


def test_a_batch_of_refused_photos_ends_when_it_is_sealed(store: JobStore) -> None:
    batch = store.batches.begin("ann", idempotency_key=None, webhook=HOOK)
    place = BatchPlace(batch.batch_id, 0, "notes.txt")
    store.batches.refuse(place, DecodeFailed(), is_retryable=False)
    store.batches.seal(batch.batch_id, fingerprint=PRINT)
    assert claim_one(store).event == "batch.completed"


def test_a_batch_that_runs_again_tells_its_second_end_instead(store: JobStore) -> None:
    batch = store.batches.begin("ann", idempotency_key=None, webhook=HOOK)
    sent = submission(place=BatchPlace(batch.batch_id, 0, "a.jpg"))
    submit(store, sent)
    store.batches.seal(batch.batch_id, fingerprint=PRINT)
    store.jobs.cancel(sent.job_id, "ann")
    store.submissions.retry(sent)
    assert store.outbox.claim(most=5) == ()
    assert log(store)[0].status is WebhookStatus.SUPERSEDED
    store.jobs.delete(sent.job_id, "ann")
    assert claim_one(store).id == f"batch_{batch.batch_id}_2"


# --- The log, and sending again ---


def test_the_log_is_read_in_pages_newest_first_and_is_ones_own(clocked: ClockedStore) -> None:
    store = clocked.store
    sent = []
    for number in range(5):
        sent.append(ended(store, str(number)))
        clocked.set_time(clocked.now_ms + number % 2)  # some at the same moment
    seen: list[str] = []
    cursor = None
    while True:
        page = store.webhooks.page("ann", cursor=cursor, limit=2)
        seen += [webhook.subject for webhook in page.webhooks]
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(each.job_id for each in sent)
    assert seen[0] == sent[-1].job_id
    assert log(store, "ben") == ()
    (one, *_) = log(store)
    assert store.webhooks.view(one.id, "ann") == one
    with pytest.raises(NotFound):
        store.webhooks.view(one.id, "ben")
    with pytest.raises(NotFound):
        store.webhooks.redeliver(one.id, "ben")


def test_a_long_log_loses_its_oldest_and_sends_what_waits(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(webhook_log_max=3))
    store = clocked.store
    for number in range(6):
        ended(store, str(number))
        clocked.set_time(clocked.now_ms + 1)
    assert len(log(store)) == 3
    assert len(drain(store)) == 6
    assert len(list(clocked.redis.scan_iter("celshade:webhook:*"))) == 3
    clocked.close()


def test_sending_again_begins_anew_under_the_same_id(clocked: ClockedStore) -> None:
    store = clocked.store
    ended(store)
    first = claim_one(store)
    record(store, first)
    store.webhooks.redeliver(first.id, "ann")
    second = claim_one(store)
    assert second.id == first.id
    assert record(store, second, Sending.REFUSED) == "waiting"
    (seen,) = log(store)
    assert (seen.sent, seen.status) == (2, WebhookStatus.WAITING)
    store.webhooks.redeliver(first.id, "ann")  # not waited for
    assert record(store, claim_one(store)) == "delivered"
    assert clocked.redis.pttl(f"celshade:webhook:{first.id}") > 0


def test_what_goes_on_is_not_told_of_again(store: JobStore) -> None:
    sent = ended(store)
    due = claim_one(store)
    record(store, due)
    store.submissions.retry(sent)
    with pytest.raises(NotRetryable, match="runs again"):
        store.webhooks.redeliver(due.id, "ann")


def test_sending_again_what_is_being_sent_doubles_nothing(store: JobStore) -> None:
    ended(store)
    due = claim_one(store)
    store.webhooks.redeliver(due.id, "ann")
    assert store.outbox.claim(most=5) == ()
    assert record(store, due) == "delivered"


# --- Secrets ---


def test_each_caller_has_a_secret_of_its_own(store: JobStore) -> None:
    for caller in ("ann", "ben"):
        ended(store, caller, caller=caller)
    secrets = {due.caller: due.secrets for due in store.outbox.claim(most=5)}
    assert secrets["ann"] != secrets["ben"]
    assert secrets["ann"] == (store.webhooks.secrets("ann").current,)
    assert store.webhooks.secrets("cas").current.startswith("whsec_")


def test_a_rotated_secret_signs_beside_the_new_one_for_a_day(clocked: ClockedStore) -> None:
    store = clocked.store
    old = store.webhooks.secrets("ann").current
    rotated = store.webhooks.rotate("ann")
    assert rotated.current != old
    assert (rotated.former, rotated.former_until_ms) == (old, clocked.now_ms + 86_400_000)
    ended(store)
    assert claim_one(store).secrets == (rotated.current, old)
    clocked.set_time(clocked.now_ms + 86_400_000)
    assert claim_one(store).secrets == (rotated.current,)
    assert store.webhooks.secrets("ann").former is None


def test_nothing_is_left_when_all_has_been_sent(clocked: ClockedStore) -> None:
    store = clocked.store
    ended(store)
    record(store, claim_one(store))
    recount(clocked.redis)
    left = {str(key) for key in clocked.redis.scan_iter("celshade:webhook*")}
    assert not any("due" in key or "out" in key or "callers" in key for key in left)
    assert all(clocked.redis.pttl(key) > 0 for key in left), "everything ends by itself"
