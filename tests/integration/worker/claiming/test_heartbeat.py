"""The heart renews, tells of itself, and ends a process whose forward is stuck."""

import time

import pytest

from common.jobs import JobStatus
from tests.integration.worker.conftest import CALLER, Bench
from worker.engine.engine import Running

WAIT_S = 20.0


def test_it_is_starting_until_the_engine_is_there(bench: Bench) -> None:
    heart = bench.heart()
    heart.beat_once()
    (line,) = bench.store.overviews.overview().lines
    assert [member.state for member in line.crew] == ["starting"]
    heart.watch(bench.engine)
    (line,) = bench.store.overviews.overview().lines
    assert [member.state for member in line.crew] == ["ready"]


def test_it_learns_what_is_lost_and_what_nobody_wants(
    bench: Bench, photo: bytes, cursed_photo: bytes
) -> None:
    bench.submit(photo)
    lost = bench.claim()
    unwanted_id = bench.submit(cursed_photo)
    unwanted = bench.claim()
    bench.leases.release(lost.claim)
    bench.store.jobs.cancel(unwanted_id, CALLER)
    bench.heart().beat_once()
    assert lost.lost.is_set()
    assert unwanted.unwanted.is_set()


def test_the_thread_beats_by_itself(bench: Bench, photo: bytes) -> None:
    bench.submit(photo)
    held = bench.claim()
    bench.leases.release(held.claim)
    heart = bench.heart()
    heart.start()
    try:
        assert held.lost.wait(WAIT_S)
    finally:
        heart.stop()


@pytest.mark.parametrize("is_stuck", [True, False])
def test_a_stuck_forward_ends_the_process_and_spares_the_others(
    bench: Bench, photo: bytes, cursed_photo: bytes, is_stuck: bool
) -> None:
    stuck_id, other_id = bench.submit(photo), bench.submit(cursed_photo)
    stuck = bench.claim()
    bench.claim()
    heart = bench.heart()
    age_s = stuck.claim.limit_s if is_stuck else 0.0
    running = Running(frozenset({stuck.claim.key}), time.monotonic() - age_s)
    heart.end_if_stuck(running)
    if not is_stuck:
        assert not bench.exits
        return
    assert bench.exits == [70]
    assert (bench.job(stuck_id).status, bench.job(stuck_id).attempts) == (JobStatus.QUEUED, 1)
    assert (bench.job(other_id).status, bench.job(other_id).attempts) == (JobStatus.QUEUED, 0)


def test_a_lost_device_ends_the_process_and_counts_for_its_forward_alone(
    bench: Bench, photo: bytes, cursed_photo: bytes
) -> None:
    lost_id, other_id = bench.submit(photo), bench.submit(cursed_photo)
    lost = bench.claim()
    bench.claim()
    bench.heart().end_without_device(frozenset({lost.claim.key}))
    assert bench.exits == [71]
    assert (bench.job(lost_id).status, bench.job(lost_id).attempts) == (JobStatus.QUEUED, 1)
    assert (bench.job(other_id).status, bench.job(other_id).attempts) == (JobStatus.QUEUED, 0)


def test_a_stuck_forward_that_nobody_holds_ends_the_process_too(bench: Bench, photo: bytes) -> None:
    """A probe's, or one whose lease was lost meanwhile: nothing else would ever end it."""
    other_id = bench.submit(photo)
    bench.claim()
    heart, limit_s = bench.heart(), bench.settings.execution_limit_s
    heart.end_if_stuck(Running(frozenset({""}), time.monotonic() - limit_s / 2))
    assert not bench.exits
    heart.end_if_stuck(Running(frozenset({""}), time.monotonic() - limit_s))
    assert bench.exits == [70]
    assert (bench.job(other_id).status, bench.job(other_id).attempts) == (JobStatus.QUEUED, 0)


def test_the_limit_counts_from_the_claim(bench: Bench, photo: bytes) -> None:
    """A forward that began late may not run longer than the lease; nor one that lost its lease."""
    bench.submit(photo)
    held = bench.claim()
    held.since_s -= held.claim.limit_s
    running = Running(frozenset({held.claim.key}), time.monotonic())
    held.lost.set()
    bench.heart().end_if_stuck(running)
    assert bench.exits == [70]


def test_it_acts_some_beats_before_the_reaper(bench: Bench, photo: bytes) -> None:
    job_id = bench.submit(photo)
    held = bench.claim()
    beat_s = held.claim.limit_s / 10
    heart = bench.heart(every_s=beat_s)
    running = Running(frozenset({held.claim.key}), time.monotonic())
    held.since_s = time.monotonic() - (held.claim.limit_s - 3 * beat_s)
    heart.end_if_stuck(running)
    assert not bench.exits
    held.since_s = time.monotonic() - (held.claim.limit_s - 2 * beat_s)
    heart.end_if_stuck(running)
    assert bench.exits == [70]
    assert (bench.job(job_id).status, bench.job(job_id).attempts) == (JobStatus.QUEUED, 1)
