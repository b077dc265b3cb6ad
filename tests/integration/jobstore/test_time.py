"""Time: what ends by itself, and what steps and gaps of the clock must not end."""

import pytest

from common.errors import NotFound, StorageError
from common.jobs import Job, JobStatus
from common.jobstore.leases import NoClaim, Verdict
from common.jobstore.submissions import Submission
from tests.integration.jobstore.builders import ClockedStore, Worker, submission, submit

HOUR_MS = 3_600_000


def view(clocked: ClockedStore, sent: Submission) -> Job:
    return clocked.store.jobs.view(sent.job_id, sent.caller.name)


def failure_code(clocked: ClockedStore, sent: Submission) -> str | None:
    failure = view(clocked, sent).failure
    return failure.code if failure else None


@pytest.mark.parametrize("step_s", [600, -600, 4, 3600 * 5])
def test_a_step_of_the_clock_loses_no_lease(clocked: ClockedStore, step_s: int) -> None:
    sent = submission()
    submit(clocked.store, sent)
    worker = Worker(clocked.store)
    claim = worker.take()
    clocked.pass_time(5, renewing=(worker,))
    clocked.set_time(clocked.now_ms + step_s * 1000)
    clocked.pass_time(20, renewing=(worker,))
    assert view(clocked, sent).attempts == 1
    assert worker.complete(claim) is Verdict.COMMITTED


@pytest.mark.parametrize("step_s", [600, -600])
def test_a_worker_lost_at_a_step_is_still_found_within_two_leases(
    clocked: ClockedStore, step_s: int
) -> None:
    submit(clocked.store, submission())
    Worker(clocked.store).take()
    clocked.pass_time(1)
    clocked.set_time(clocked.now_ms + step_s * 1000)
    clocked.pass_time(13)
    assert Worker(clocked.store).take().attempt == 2


def test_nothing_is_swept_while_it_is_being_written(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    claim = worker.take()
    clocked.set_time(clocked.now_ms + 2 * HOUR_MS)
    assert clocked.store.maintenance.begin_sweep() == ()
    assert worker.complete(claim) is Verdict.COMMITTED


def test_a_pause_outlasts_no_step_of_the_clock(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    worker.fail(worker.take(), StorageError())
    clocked.pass_time(1)
    clocked.set_time(clocked.now_ms - 600_000)
    clocked.pass_time(12)
    assert worker.take().attempt == 2


def test_after_a_gap_the_living_renew_first(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    worker.take()
    clocked.store.maintenance.reap()
    clocked.set_time(clocked.now_ms + 30_000)  # Redis was frozen
    reaping = clocked.store.maintenance.reap()
    assert (reaping.held, reaping.gap_ms, reaping.lost) == (True, 30_000, 0)
    worker.renew()
    assert worker.held
    clocked.pass_time(10, renewing=(worker,))
    assert worker.held
    assert clocked.store.overviews.overview().reaper_pauses == 1


def test_two_keepers_reap_as_one(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    Worker(clocked.store).take()
    lost = 0
    for _ in range(9):
        clocked.set_time(clocked.now_ms + 1_000)
        lost += sum(clocked.store.maintenance.reap().lost for _ in range(2))
    assert lost == 1


def test_an_attempt_that_hangs_runs_out_of_time(clocked: ClockedStore) -> None:
    sent = submission()
    submit(clocked.store, sent)
    for _ in range(3):
        hung = Worker(clocked.store)
        assert hung.take().limit_s == 60.0
        clocked.pass_time(62, renewing=(hung,))  # its thread renews on and on
        assert not hung.held
    assert (failure_code(clocked, sent), view(clocked, sent).attempts) == ("execution_timeout", 3)


def test_the_limit_follows_all_that_the_worker_holds(clocked: ClockedStore) -> None:
    for name in ("a", "b"):
        submit(clocked.store, submission(name, work_px=4_000_000))
    worker = Worker(clocked.store)  # measured at a second per megapixel
    assert (worker.take().limit_s, worker.take().limit_s) == (60.0, 80.0)


def test_a_step_of_the_clock_is_hardly_any_execution_time(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    worker.take()
    clocked.pass_time(1)
    for step_s in (600, -600, 600):
        clocked.set_time(clocked.now_ms + step_s * 1000)
        clocked.pass_time(8, renewing=(worker,))
    assert worker.held


def test_a_deadline_ends_one_job_alone(clocked: ClockedStore) -> None:
    hasty, patient = submission(span_s=10.0), submission(caller="ben")
    submit(clocked.store, hasty)
    submit(clocked.store, patient)
    worker = Worker(clocked.store)
    claim = worker.take()
    clocked.pass_time(12, renewing=(worker,))
    assert view(clocked, hasty).status is JobStatus.EXPIRED
    assert view(clocked, patient).status is JobStatus.RUNNING
    assert worker.complete(claim) is Verdict.COMMITTED
    assert view(clocked, patient).status is JobStatus.SUCCEEDED
    assert view(clocked, hasty).status is JobStatus.EXPIRED


def test_a_deadline_takes_the_last_ones_render_out_of_the_line(clocked: ClockedStore) -> None:
    sent = submission(span_s=10.0)
    submit(clocked.store, sent)
    clocked.pass_time(12)
    assert view(clocked, sent).status is JobStatus.EXPIRED
    assert Worker(clocked.store).claim() is NoClaim.EMPTY
    assert clocked.redis.keys("celshade:render:*") == []


def test_pictures_go_a_minute_after_their_time_and_records_after_a_week(
    clocked: ClockedStore,
) -> None:
    sent = submission()
    submit(clocked.store, sent)
    worker = Worker(clocked.store)
    claim = worker.take()
    worker.complete(claim)
    clocked.set_time(clocked.now_ms + 24 * HOUR_MS)
    assert clocked.store.maintenance.expire().pictures == 1
    assert clocked.store.maintenance.begin_sweep() == ()  # a link may live for another moment
    clocked.set_time(clocked.now_ms + 60_000)
    names = clocked.store.maintenance.begin_sweep()
    assert set(names) == {claim.output_name, sent.input_name}
    clocked.set_time(clocked.now_ms + 1_000)
    assert set(clocked.store.maintenance.begin_sweep()) == set(names)  # until they are confirmed
    clocked.store.maintenance.end_sweep(names)
    seen = view(clocked, sent)
    assert (seen.status, seen.pictures_gone) == (JobStatus.SUCCEEDED, True)
    clocked.set_time(clocked.now_ms + 6 * 24 * HOUR_MS)
    assert clocked.store.maintenance.expire().records == 1
    with pytest.raises(NotFound):
        view(clocked, sent)


def test_a_version_unseen_for_a_week_is_forgotten_once_nothing_waits(
    clocked: ClockedStore,
) -> None:
    Worker(clocked.store).beat()
    sent = submission(span_s=30 * 86_400.0)
    submit(clocked.store, sent)
    clocked.set_time(clocked.now_ms + 8 * 24 * HOUR_MS)
    assert clocked.store.maintenance.expire().lines == ()
    clocked.store.jobs.delete(sent.job_id, "ann")
    assert clocked.store.maintenance.expire().lines == (sent.line,)
    assert clocked.store.overviews.overview().lines == ()
