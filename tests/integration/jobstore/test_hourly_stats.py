"""The last hour: what the minutes tell, whatever the keeper and the clock did; and who waits."""

import pytest

from common.jobs import CacheStatus, JobStatus
from common.jobstore.hourly_stats import MINUTES, Minute
from tests.integration.jobstore.builders import (
    LINE,
    START_MS,
    ClockedStore,
    Worker,
    submission,
    submit,
)

MINUTE_MS = 60_000


def hour(clocked: ClockedStore) -> tuple[Minute, ...]:
    return clocked.store.hourly_stats.last_hour()


def test_without_a_keeper_there_is_no_hour(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    assert hour(clocked) == ()


def test_a_minute_tells_what_happened_in_it_and_no_more(clocked: ClockedStore) -> None:
    worker = Worker(clocked.store)
    worker.beat()
    submit(clocked.store, submission("before"))
    clocked.store.maintenance.note_minute()

    submit(clocked.store, submission("one"))
    submit(clocked.store, submission("two"))
    clocked.set_time(START_MS + 2_000)
    worker.complete(worker.take())
    clocked.set_time(START_MS + MINUTE_MS)
    clocked.store.maintenance.note_minute()
    submit(clocked.store, submission("before"))
    clocked.set_time(START_MS + MINUTE_MS + 15_000)

    first, present = hour(clocked)
    assert (first.began_ms, first.length_s) == (START_MS, 60)
    assert first.submitted[CacheStatus.MISS] == 2
    assert first.submitted[CacheStatus.HIT] == 0
    assert first.ended[JobStatus.SUCCEEDED] == first.renders_done == 1
    assert (first.waiting, first.running) == (1, 0)
    assert sum(first.took.counts) == 1
    assert first.took.sum_s == pytest.approx(2)
    assert (present.began_ms, present.length_s) == (START_MS + MINUTE_MS, 15)
    assert present.submitted[CacheStatus.HIT] == 1
    assert present.submitted[CacheStatus.MISS] == 0
    assert present.renders_done == 0
    assert present.waiting == 2


def test_noting_a_minute_again_changes_nothing(clocked: ClockedStore) -> None:
    clocked.store.maintenance.note_minute()
    submit(clocked.store, submission())
    clocked.set_time(START_MS + 1_000)
    clocked.store.maintenance.note_minute()  # another keeper, or the next second

    (present,) = hour(clocked)
    assert present.submitted[CacheStatus.MISS] == 1


def test_minutes_without_a_keeper_are_told_as_one(clocked: ClockedStore) -> None:
    clocked.store.maintenance.note_minute()
    submit(clocked.store, submission())
    clocked.set_time(START_MS + 5 * MINUTE_MS)
    clocked.store.maintenance.note_minute()

    long, _ = hour(clocked)
    assert long.length_s == 300
    assert long.submitted[CacheStatus.MISS] == 1


def test_only_an_hour_is_told(clocked: ClockedStore) -> None:
    for minute in range(MINUTES + 10):
        clocked.set_time(START_MS + minute * MINUTE_MS)
        clocked.store.maintenance.note_minute()

    told = hour(clocked)
    assert len(told) == MINUTES + 1
    assert told[0].began_ms == START_MS + 9 * MINUTE_MS
    assert 0 < clocked.redis.pttl(f"celshade:minute:{START_MS // MINUTE_MS}") <= 62 * MINUTE_MS


def test_counters_that_are_gone_never_make_less_than_nothing(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    clocked.store.maintenance.note_minute()
    clocked.redis.delete("celshade:counts")
    clocked.set_time(START_MS + 1_000)

    (present,) = hour(clocked)
    assert present.submitted[CacheStatus.MISS] == 0


def test_who_waits_is_told_by_line_and_caller(clocked: ClockedStore) -> None:
    for name in ("one", "two", "three"):
        submit(clocked.store, submission(name, caller="ann"))
    submit(clocked.store, submission("four", caller="bob"))
    worker = Worker(clocked.store)
    worker.take()

    who = clocked.store.overviews.waiting_callers()
    waiting = who.lines[LINE]
    assert sum(waiting.callers.values()) == waiting.counted == 3
    assert set(waiting.callers) <= {"ann", "bob"}
    assert who.open_jobs == {"ann": 3, "bob": 1}


def test_renders_that_lost_a_worker_wait_as_well(clocked: ClockedStore) -> None:
    submit(clocked.store, submission(caller="ann"))
    Worker(clocked.store).take()
    clocked.pass_time(30)  # nobody renews

    assert clocked.store.overviews.waiting_callers().lines[LINE].callers == {"ann": 1}


def test_nobody_waits(clocked: ClockedStore) -> None:
    who = clocked.store.overviews.waiting_callers()
    assert (who.lines, who.open_jobs) == ({}, {})


def test_only_the_first_in_line_are_looked_at(clocked: ClockedStore) -> None:
    for number in range(5):
        submit(clocked.store, submission(str(number)))
    assert clocked.store.overviews.waiting_callers(most=3).lines[LINE].counted == 3
