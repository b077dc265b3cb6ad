"""A worker that fails for its own reasons does not use up a render's attempts alone."""

from common.errors import InternalError
from common.jobs import JobStatus
from common.jobstore.leases import Claim, NoClaim, WorkerState
from tests.integration.jobstore.builders import (
    LINE,
    ClockedStore,
    Worker,
    key_of,
    submission,
    submit,
)


def pass_over(clocked: ClockedStore, worker: Worker, others: tuple[Worker, ...]) -> None:
    """Let the pause after a failure pass while the others are alive."""
    for _ in range(11):
        for other in (worker, *others):
            other.beat()
        clocked.pass_time(1)
    for other in (worker, *others):
        other.beat()


def test_what_it_failed_with_it_leaves_to_others(clocked: ClockedStore) -> None:
    first, second = submission("first"), submission("second")
    submit(clocked.store, first)
    bad, good = Worker(clocked.store, "bad"), Worker(clocked.store, "good")
    bad.fail(bad.take(), InternalError())
    pass_over(clocked, bad, (good,))
    assert bad.claim() is NoClaim.WAIT
    submit(clocked.store, second)
    assert bad.take().key == key_of(second)  # what stands behind is not held up
    claim = good.take()
    assert (claim.key, claim.attempt) == (key_of(first), 2)


def test_alone_it_tries_again(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    bad, silent, sick = (Worker(clocked.store, name) for name in ("bad", "silent", "sick"))
    silent.beat()
    bad.fail(bad.take(), InternalError())
    pass_over(clocked, bad, ())
    sick.beat(WorkerState.SICK)
    assert bad.take().attempt == 2


def test_when_all_have_failed_any_may_try_the_last_time(clocked: ClockedStore) -> None:
    sent = submission()
    submit(clocked.store, sent)
    one, two = Worker(clocked.store, "one"), Worker(clocked.store, "two")
    for worker in (one, two):
        worker.fail(worker.take(), InternalError())
        pass_over(clocked, one, (two,))
    one.fail(one.take(), InternalError())
    assert clocked.store.jobs.view(sent.job_id, "ann").status is JobStatus.FAILED


def test_it_leaves_to_a_third_what_two_have_failed_with(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    one, two, three = (Worker(clocked.store, name) for name in ("one", "two", "three"))
    for worker in (one, two):
        worker.fail(worker.take(), InternalError())
        pass_over(clocked, one, (two,))
    three.beat()
    assert [worker.claim() for worker in (one, two)] == [NoClaim.WAIT] * 2
    assert three.take().attempt == 3


def test_the_silent_are_struck_off_the_crew(clocked: ClockedStore) -> None:
    Worker(clocked.store, "gone").beat()
    clocked.set_time(clocked.now_ms + 30_000)
    Worker(clocked.store, "there").beat()
    assert clocked.redis.hlen(f"celshade:crew:{LINE}") == 2
    clocked.set_time(clocked.now_ms + 31_000)
    Worker(clocked.store, "there").beat()
    assert clocked.redis.hkeys(f"celshade:crew:{LINE}") == ["there"]


def test_one_bad_worker_beside_a_good_one_fails_nothing(clocked: ClockedStore) -> None:
    """The bad one fails at once with all it can get, for as long as it likes."""
    sent = [submission(str(number)) for number in range(120)]
    for one in sent:
        submit(clocked.store, one)
    bad, good = Worker(clocked.store, "bad"), Worker(clocked.store, "good")
    for _ in range(300):
        for worker in (bad, good):
            worker.beat()
        while isinstance(claim := bad.claim(), Claim):
            bad.fail(claim, InternalError())
        if isinstance(claim := good.claim(), Claim):
            good.complete(claim)
        clocked.pass_time(1)
    seen = [clocked.store.jobs.view(one.job_id, "ann") for one in sent]
    assert {job.status for job in seen} == {JobStatus.SUCCEEDED}
    assert max(job.attempts for job in seen) == 2
