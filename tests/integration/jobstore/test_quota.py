"""The caller's own share: open jobs and megapixels a day, counted where they are admitted."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from math import inf

import pytest

from common.errors import InternalError, QueueFull, QueueFullForKey, QuotaExceeded
from common.jobstore import JobStore
from common.jobstore.policy import Policy
from common.jobstore.submissions import Outcome
from common.settings import Settings
from tests.integration.jobstore.builders import (
    MEGAPIXEL,
    ClockedStore,
    Worker,
    policy,
    submission,
    submit,
)
from tests.integration.jobstore.recount import recount

DAY_MS = 86_400_000


@pytest.fixture
def three_a_day(clean_redis_url: str) -> Iterator[ClockedStore]:
    """A store that gives each caller three megapixels a day."""
    clocked = ClockedStore(clean_redis_url, policy(day_px_max=3 * MEGAPIXEL))
    clocked.set_time(20_000 * DAY_MS + 6 * 3_600_000)  # six in the morning
    yield clocked
    recount(clocked.redis)
    clocked.close()


def is_refused(verb: Callable[..., object], *arguments: object) -> bool:
    try:
        verb(*arguments)
    except (QuotaExceeded, QueueFull, QueueFullForKey):
        return True
    return False


def test_the_setting_is_in_megapixels() -> None:
    assert Policy.from_settings(Settings(megapixels_per_day=2.5)).day_px_max == 2_500_000
    assert Policy.from_settings(Settings()).day_px_max == 0


def test_admitted_work_counts_and_the_day_ends(three_a_day: ClockedStore) -> None:
    store = three_a_day.store
    for number in range(3):
        submit(store, submission(str(number)))
    with pytest.raises(QuotaExceeded) as refused:
        store.submissions.admit(submission("one more"))
    assert refused.value.retry_after_s == 18 * 3600
    submit(store, submission("one more", caller="ben"))  # a share of his own
    three_a_day.set_time(three_a_day.now_ms + refused.value.retry_after_s * 1000)
    submit(store, submission("one more"))


def test_a_picture_above_what_is_left_is_refused(three_a_day: ClockedStore) -> None:
    submit(three_a_day.store, submission(work_px=2 * MEGAPIXEL))
    with pytest.raises(QuotaExceeded):
        submit(three_a_day.store, submission(work_px=MEGAPIXEL + 10_000))
    submit(three_a_day.store, submission())


def test_hits_and_refusals_are_free_and_joins_are_not(three_a_day: ClockedStore) -> None:
    store = three_a_day.store
    submit(store, submission(caller="ben"))
    assert submit(store, submission()).outcome is Outcome.JOINED  # 1 of 3
    worker = Worker(store)
    worker.complete(worker.take())
    for _ in range(5):
        assert submit(store, submission()).outcome is Outcome.HIT
        assert is_refused(submit, store, submission(work_px=4 * MEGAPIXEL))
    assert submit(store, submission("2")).outcome is Outcome.QUEUED
    assert submit(store, submission("3")).outcome is Outcome.QUEUED
    assert submit(store, submission()).outcome is Outcome.HIT  # also when all is used up


def test_the_same_submission_twice_counts_once(three_a_day: ClockedStore) -> None:
    store = three_a_day.store
    sent = submission(work_px=2 * MEGAPIXEL, idempotency_key="order-1")
    submit(store, sent)
    again = submission(work_px=2 * MEGAPIXEL, idempotency_key="order-1")
    assert submit(store, sent).outcome is Outcome.REPLAYED
    assert submit(store, again).outcome is Outcome.REPLAYED
    assert not is_refused(submit, store, submission("other"))


def test_each_run_counts_and_each_attempt_does_not(three_a_day: ClockedStore) -> None:
    store = three_a_day.store
    sent = submission(work_px=2 * MEGAPIXEL)
    submit(store, sent)
    worker = Worker(store)
    for _ in range(3):
        worker.fail(worker.take(), InternalError())
        three_a_day.pass_time(11)
    assert is_refused(store.submissions.retry, sent)
    submit(store, submission("small"))


def test_a_callers_own_allowance_goes_before_the_services(three_a_day: ClockedStore) -> None:
    store = three_a_day.store
    for number in range(5):
        submit(store, submission(str(number), caller="big", megapixels_per_day=inf))
    submit(store, submission(caller="small", megapixels_per_day=1.0))
    small = submission("other", caller="small", megapixels_per_day=1.0)
    assert is_refused(submit, store, small)
    submit(store, submission("first", caller="one", max_open_jobs=1))
    with pytest.raises(QueueFullForKey):
        submit(store, submission("second", caller="one", max_open_jobs=1))


def test_all_callers_together_have_a_day_too(clean_redis_url: str) -> None:
    clocked = ClockedStore(
        clean_redis_url, policy(day_px_max=2 * MEGAPIXEL, service_day_px_max=3 * MEGAPIXEL)
    )
    clocked.set_time(20_000 * DAY_MS + 6 * 3_600_000)
    store = clocked.store
    for caller in ("ann", "ben", "cleo"):
        submit(store, submission(caller, caller=caller))
    with pytest.raises(QueueFull, match="midnight UTC") as refused:
        store.submissions.admit(submission("one more", caller="dora"))
    assert refused.value.retry_after_s == 18 * 3600
    # What is there already costs nothing, and the next day has an allowance of its own.
    worker = Worker(store)
    worker.complete(worker.take())
    assert submit(store, submission("ann", caller="ann")).outcome is Outcome.HIT
    clocked.set_time(clocked.now_ms + refused.value.retry_after_s * 1000)
    submit(store, submission("one more", caller="dora"))
    recount(clocked.redis)
    clocked.close()


@pytest.mark.parametrize(
    "figures",
    [
        {"day_px_max": 20 * MEGAPIXEL},
        {"service_day_px_max": 20 * MEGAPIXEL},
        {"open_caller_max": 20},
    ],
)
def test_two_processes_at_once_cannot_overshoot(
    clean_redis_url: str, figures: dict[str, int]
) -> None:
    stores = [JobStore(clean_redis_url, policy(**figures), timeout_s=30) for _ in range(2)]
    barrier = threading.Barrier(16)

    def flood(number: int) -> int:
        barrier.wait()
        sent = [submission(f"{number}-{n}") for n in range(5)]
        return sum(not is_refused(submit, stores[number % 2], one) for one in sent)

    with ThreadPoolExecutor(16) as pool:
        accepted = sum(pool.map(flood, range(16)))
    assert accepted == 20
    assert stores[0].overviews.overview().states["queued"] == 20
    for store in stores:
        store.redis.close()
