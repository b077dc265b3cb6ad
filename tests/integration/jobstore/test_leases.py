"""Leases: who may end an attempt, what a clock may do to them, and how poison dies alone."""

import pytest

from common.errors import InternalError, StorageError
from common.jobs import Job, JobStatus
from common.jobstore.leases import Claim, NoClaim, Verdict, WorkerState
from common.jobstore.submissions import Submission
from tests.integration.jobstore.builders import (
    LINE,
    OTHER_LINE,
    ClockedStore,
    Worker,
    key_of,
    submission,
    submit,
)


def view(clocked: ClockedStore, sent: Submission) -> Job:
    return clocked.store.jobs.view(sent.job_id, sent.caller.name)


def test_a_frozen_worker_wakes_too_late(clocked: ClockedStore) -> None:
    sent = submission()
    submit(clocked.store, sent)
    frozen, other = Worker(clocked.store), Worker(clocked.store)
    late = frozen.take()
    clocked.pass_time(7)
    claim = other.take()
    assert claim.attempt == 2
    assert other.complete(claim) is Verdict.COMMITTED
    assert frozen.complete(late) is Verdict.REFUSED
    assert late.output_name in clocked.store.maintenance.begin_sweep()
    output = view(clocked, sent).output
    assert output is not None
    assert output.name == claim.output_name


def test_a_late_word_before_anybody_took_over_still_counts(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    claim = worker.take()
    clocked.set_time(clocked.now_ms + 20_000)  # nobody reaped meanwhile
    assert worker.complete(claim) is Verdict.COMMITTED


def test_poison_dies_alone_and_the_good_get_through(clocked: ClockedStore) -> None:
    poison = submission("poison")
    good = [submission(f"good-{n}", caller="ben") for n in range(15)]
    for sent in (*good[:7], poison, *good[7:]):
        submit(clocked.store, sent)
    first = Worker(clocked.store)
    assert len({first.take().key for _ in range(16)}) == 16
    clocked.pass_time(8)  # it died with all of them
    for _ in range(40):
        worker = Worker(clocked.store)
        while (claim := worker.claim()) is not NoClaim.EMPTY:
            assert not isinstance(claim, NoClaim)
            if claim.key == key_of(poison):
                assert worker.claim() is NoClaim.WAIT
                clocked.pass_time(8)
                break
            worker.complete(claim)
    seen = view(clocked, poison)
    assert (seen.status, seen.attempts) == (JobStatus.FAILED, 3)
    assert seen.failure is not None
    assert seen.failure.code == "worker_lost"
    assert clocked.redis.zrange("celshade:dead", 0, -1) == [poison.job_id]
    ends = [(view(clocked, sent).status, view(clocked, sent).attempts) for sent in good]
    assert ends == [(JobStatus.SUCCEEDED, 2)] * 15


def test_one_process_volunteers_and_the_others_pass_over(clocked: ClockedStore) -> None:
    busy, other = Worker(clocked.store), Worker(clocked.store)
    for name in ("a", "b"):
        submit(clocked.store, submission(name))
    held, also_held = busy.take(), other.take()
    sent = submission("suspect")
    submit(clocked.store, sent)
    Worker(clocked.store).take()
    clocked.pass_time(8, renewing=(busy, other))
    submit(clocked.store, submission("good"))
    assert busy.claim() is NoClaim.WAIT  # it volunteers, and finishes what it holds first
    assert not other.take().is_suspect
    assert other.claim() is NoClaim.EMPTY
    busy.complete(held)
    alone = busy.take()
    assert alone.key == key_of(sent)
    assert busy.claim() is NoClaim.WAIT
    assert busy.claim(OTHER_LINE) is NoClaim.WAIT
    other.complete(also_held)


@pytest.mark.parametrize("how", ["dies", "leaves", "falls sick"])
def test_a_volunteer_that_goes_is_replaced(clocked: ClockedStore, how: str) -> None:
    volunteer = Worker(clocked.store)
    submit(clocked.store, submission("held"))
    volunteer.take()
    make_suspect_beside(clocked, volunteer)
    assert volunteer.claim() is NoClaim.WAIT
    other = Worker(clocked.store)
    assert other.claim() is NoClaim.EMPTY
    match how:
        case "dies":
            clocked.set_time(clocked.now_ms + 6_000)
        case "leaves":
            volunteer.leases.leave([LINE])
        case _:
            volunteer.beat(WorkerState.SICK)
    assert other.take().is_suspect


def make_suspect_beside(clocked: ClockedStore, living: Worker) -> None:
    submit(clocked.store, submission("suspect"))
    Worker(clocked.store).take()
    clocked.pass_time(8, renewing=(living,))


def test_a_volunteer_of_one_line_claims_in_no_other(clocked: ClockedStore) -> None:
    worker = Worker(clocked.store)
    submit(clocked.store, submission("held"))
    held = worker.take()
    make_suspect_beside(clocked, worker)
    submit(clocked.store, submission("other", line=OTHER_LINE, version=OTHER_LINE[4:]))
    assert worker.claim() is NoClaim.WAIT
    assert worker.claim(OTHER_LINE) is NoClaim.WAIT
    worker.complete(held)
    suspect = worker.take()
    worker.complete(suspect)
    assert worker.take(OTHER_LINE).version == OTHER_LINE[4:]


def test_a_volunteer_that_takes_a_good_render_is_free_for_other_lines(
    clocked: ClockedStore,
) -> None:
    volunteer, other, dead = (Worker(clocked.store) for _ in range(3))
    for name in ("before", "suspect"):
        submit(clocked.store, submission(name))
    before = other.take()
    dead.take()
    for name in ("held", "wanted"):
        submit(clocked.store, submission(name, line=OTHER_LINE, version=OTHER_LINE[4:]))
    held = volunteer.take(OTHER_LINE)
    clocked.pass_time(8, renewing=(volunteer, other))
    assert volunteer.claim() is NoClaim.WAIT
    other.release(before)  # it stands before the suspect again
    volunteer.complete(volunteer.take())
    volunteer.complete(held)
    clocked.pass_time(3, renewing=(volunteer,))
    # Its threads follow hints of the other line alone.
    assert volunteer.take(OTHER_LINE).version == OTHER_LINE[4:]


def test_after_a_suspect_its_process_claims_again(clocked: ClockedStore) -> None:
    worker = Worker(clocked.store)
    make_suspect_beside(clocked, worker)
    for name in "ab":
        submit(clocked.store, submission(name))
    suspect = worker.take()
    assert worker.claim() is NoClaim.WAIT
    worker.complete(suspect)
    assert isinstance(worker.take().key, str)
    assert isinstance(worker.take().key, str)


def forget(clocked: ClockedStore, worker: Worker) -> None:
    """Let a process' own keys lapse, as they do while Redis is away for long."""
    name = worker.leases.process
    assert clocked.redis.delete(f"celshade:held:{name}", f"celshade:process:{name}") > 0


def test_it_is_still_alone_when_redis_was_away_for_long(clocked: ClockedStore) -> None:
    worker = Worker(clocked.store)
    make_suspect_beside(clocked, worker)
    submit(clocked.store, submission("good"))
    assert worker.take().is_suspect
    forget(clocked, worker)
    worker.renew()
    assert worker.claim() is NoClaim.WAIT


def test_it_is_still_known_what_it_holds_when_redis_was_away_for_long(
    clocked: ClockedStore,
) -> None:
    worker = Worker(clocked.store)
    submit(clocked.store, submission("good", work_px=8_000_000))
    good = worker.take()
    make_suspect_beside(clocked, worker)
    forget(clocked, worker)
    worker.renew()
    assert worker.claim() is NoClaim.WAIT  # never beside a good one
    assert clocked.redis.hvals(f"celshade:held:{worker.leases.process}") == ["8000000"]
    worker.complete(good)
    assert worker.take().is_suspect


@pytest.mark.parametrize("times", [2, 3])
def test_asked_again_under_one_token_it_takes_no_second_render(
    clocked: ClockedStore, times: int
) -> None:
    for name in "ab":
        submit(clocked.store, submission(name))
    leases = clocked.store.leases("worker")
    found = {leases.claim(LINE, seconds_per_mp=1.0, token="0" * 16) for _ in range(times)}
    (claim,) = found
    assert isinstance(claim, Claim)
    assert (claim.attempt, claim.token) == (1, "0" * 16)
    assert clocked.redis.zcard("celshade:leases") == 1


def test_a_picture_whose_name_was_swept_is_refused(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    claim = worker.take()
    clocked.redis.zrem("celshade:doomed", claim.output_name)
    assert worker.complete(claim) is Verdict.REFUSED
    assert claim.output_name in clocked.redis.zrange("celshade:doomed", 0, -1)


def test_a_drained_attempt_does_not_count_and_a_hung_one_does(clocked: ClockedStore) -> None:
    sent = submission()
    submit(clocked.store, sent)
    worker = Worker(clocked.store)
    worker.release(worker.take())
    claim = worker.take()
    assert (claim.attempt, claim.is_suspect) == (1, False)
    worker.release(claim, lost_as=InternalError)
    for attempt in (2, 3):
        claim = worker.take()
        assert (claim.attempt, claim.is_suspect) == (attempt, True)
        worker.release(claim, lost_as=InternalError)
    failure = view(clocked, sent).failure
    assert failure is not None
    assert (failure.code, failure.message) == ("internal", InternalError.default)


def test_what_may_pass_comes_back_after_two_and_then_ten_seconds(clocked: ClockedStore) -> None:
    sent = submission()
    submit(clocked.store, sent)
    worker = Worker(clocked.store)
    for pause_s in (2, 10):
        assert worker.fail(worker.take(), StorageError()) is Verdict.DELAYED
        clocked.pass_time(pause_s - 1)
        assert worker.claim() is NoClaim.EMPTY
        clocked.pass_time(2)
    assert worker.fail(worker.take(), StorageError()) is Verdict.FAILED
    seen = view(clocked, sent)
    assert (seen.status, seen.attempts) == (JobStatus.FAILED, 3)


def test_a_picture_nobody_waits_for_is_not_kept(clocked: ClockedStore) -> None:
    sent = submission()
    submit(clocked.store, sent)
    worker = Worker(clocked.store)
    claim = worker.take()
    assert worker.leases.abandon(claim) is Verdict.WANTED
    clocked.store.jobs.cancel(sent.job_id, "ann")
    assert worker.complete(claim) is Verdict.UNWANTED
    assert claim.output_name in clocked.store.maintenance.begin_sweep()
