"""Fairness: what one caller may do to another, and to its own jobs, in any history.

The bound is start-time fair queueing's own (Goyal, Vin, Cheng, SIGCOMM 1996, theorem 1): while two
flows wait, what each was served per weight differs by no more than one job of each.
"""

import itertools
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.jobs import PRIORITY_WEIGHTS, Priority
from common.jobstore import JobStore
from tests.integration.jobstore.builders import (
    MEGAPIXEL,
    START_MS,
    ClockedStore,
    Worker,
    key_of,
    submission,
    submit,
)

BATCH = 8  # what one worker claims at once, and more than the bound below asks for
SIZES = (65_536, MEGAPIXEL, 2 * MEGAPIXEL)
CALLERS = ("ann", "ben", "cem")
HISTORIES = st.lists(
    st.one_of(st.none(), st.tuples(st.sampled_from(CALLERS), st.sampled_from(Priority))),
    max_size=40,
)
# How many of ben's the line has served before anybody else came: its time has gone on since.
SERVED = st.sampled_from((0, 3, 20))


def serve_ben_alone(store: JobStore, worker: Worker, count: int) -> None:
    for number in range(count):
        submit(store, submission(f"before-{number}", caller="ben"))
        worker.take()


@given(history=HISTORIES, many=st.integers(1, 40), served=SERVED)
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_later_flood_moves_anothers_first_back_by_at_most_a_batch(
    clocked: ClockedStore, history: list[tuple[str, Priority] | None], many: int, served: int
) -> None:
    clocked.redis.flushdb()
    clocked.set_time(START_MS)
    store, worker = clocked.store, Worker(clocked.store)
    serve_ben_alone(store, worker, served)
    for number, event in enumerate(history):
        if event is None:
            worker.claim()
        else:
            caller, priority = event
            submit(store, submission(f"{number}", caller=caller, priority=priority))
    mine = submission("mine", caller="ben")
    submit(store, mine)
    waiting = store.jobs.page("ben", status=None, cursor=None, limit=100).jobs
    first = min((job for job in waiting if job.position), key=lambda job: job.position or 0)
    for number in range(many):
        submit(store, submission(f"flood-{number}", caller="ann"))
    after = store.jobs.view(first.id, "ben").position
    assert after is not None
    assert first.position is not None
    assert after - first.position <= BATCH


SIZED = st.tuples(st.sampled_from(CALLERS), st.sampled_from(Priority), st.sampled_from(SIZES))


@given(
    history=st.lists(st.one_of(st.none(), SIZED), max_size=40),
    flood=st.tuples(st.integers(1, 60), st.sampled_from(Priority), st.sampled_from(SIZES)),
    served=SERVED,
)
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_its_sizes_and_priority_a_flood_passes_no_more_than_a_jobs_cost_by_weight(
    clocked: ClockedStore,
    history: list[tuple[str, Priority, int] | None],
    flood: tuple[int, Priority, int],
    served: int,
) -> None:
    clocked.redis.flushdb()
    clocked.set_time(START_MS)
    store, worker = clocked.store, Worker(clocked.store)
    serve_ben_alone(store, worker, served)
    for number, event in enumerate([*history, ("ben", Priority.NORMAL, MEGAPIXEL)]):
        if event is None:
            worker.claim()
        else:
            caller, wish, px = event
            submit(store, submission(f"{number}", caller=caller, priority=wish, work_px=px))
    waiting = store.jobs.page("ben", status=None, cursor=None, limit=100).jobs
    first = min((job for job in waiting if job.position), key=lambda job: job.position or 0)
    many, priority, work_px = flood
    for number in range(many):
        one = submission(f"flood-{number}", caller="ann", priority=priority, work_px=work_px)
        submit(store, one)
    after = store.jobs.view(first.id, "ben").position
    assert after is not None
    assert first.position is not None
    passed_px = (after - first.position) * work_px
    flood_weight, own_weight = PRIORITY_WEIGHTS[priority], PRIORITY_WEIGHTS[first.priority]
    assert passed_px / flood_weight <= max(SIZES) / own_weight + work_px / flood_weight


def test_ten_callers_with_loads_from_one_to_a_hundred_progress_by_weight(store: JobStore) -> None:
    weights = {f"caller-{n}": weight for n, weight in enumerate((1, 1, 2, 2, 4, 4, 0.5, 0.5, 8, 1))}
    loads = dict(zip(weights, (1, 100, 2, 100, 10, 100, 5, 50, 100, 20), strict=True))
    sizes = itertools.cycle(SIZES)
    cost, owner, left = dict[str, float](), dict[str, str](), Counter(loads)
    for caller, load in loads.items():
        for number in range(load):
            px = next(sizes)
            sent = submission(
                f"{caller}-{number}", caller=caller, weight=weights[caller], work_px=px
            )
            submit(store, sent)
            cost[key_of(sent)], owner[key_of(sent)] = px / 1e6, caller
    dearest, worker = max(SIZES) / 1e6, Worker(store)
    served = dict.fromkeys(weights, 0.0)
    for _ in range(sum(loads.values())):
        claim = worker.take()
        caller = owner[claim.key]
        served[caller] += cost[claim.key] / weights[caller]
        left[caller] -= 1
        worker.complete(claim)
        backlogged = [name for name in weights if left[name]]
        for one, other in itertools.combinations(backlogged, 2):
            bound = dearest / weights[one] + dearest / weights[other]
            assert abs(served[one] - served[other]) <= bound + 1e-9


def test_a_high_job_passes_its_own_callers_backlog(store: JobStore) -> None:
    worker = Worker(store)
    for number in range(60):
        submit(store, submission(f"{number}"))
    for _ in range(7):
        worker.take()
    high = [submission(f"high-{number}", priority=Priority.HIGH) for number in range(8)]
    for one in high:
        submit(store, one)
    assert store.jobs.view(high[0].job_id, "ann").position == 1
    keys = {key_of(one) for one in high}
    claimed = [worker.take().key in keys for _ in range(10)]
    assert sum(claimed) == 8  # four to one, with the backlog not quite at a halt


@pytest.mark.parametrize("claimed_before", [0, 5])
def test_a_low_job_holds_up_nobody_and_is_not_starved(store: JobStore, claimed_before: int) -> None:
    worker = Worker(store)
    low = [submission(f"low-{number}", priority=Priority.LOW) for number in range(20)]
    for one in low:
        submit(store, one)
    for _ in range(claimed_before):
        worker.take()
    for number in range(20):
        submit(store, submission(f"{number}"))
    keys = {key_of(one) for one in low}
    claimed = [worker.take().key in keys for _ in range(20)]
    assert 3 <= sum(claimed) <= 6
