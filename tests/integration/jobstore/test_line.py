"""The line: the store's claim order against start-time fair queueing; places and seconds."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.jobs import PRIORITY_WEIGHTS, Priority
from common.jobstore import JobStore
from common.jobstore.leases import Claim
from tests.integration.jobstore.builders import (
    LINE,
    MEGAPIXEL,
    ClockedStore,
    Worker,
    key_of,
    submission,
    submit,
)
from tests.integration.jobstore.reference_line import FairLine

WEIGHTS = {"ann": 1.0, "ben": 2.0, "cem": 0.5}
ARRIVALS = st.tuples(
    st.sampled_from(tuple(WEIGHTS)),
    st.sampled_from(Priority),
    st.sampled_from((65_536, MEGAPIXEL, 3_000_001)),
)
# None: somebody claims.
EVENTS = st.lists(st.one_of(st.none(), ARRIVALS), min_size=5, max_size=40)


@given(events=EVENTS)
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_claims_come_in_start_time_fair_order(
    clocked: ClockedStore, events: list[tuple[str, Priority, int] | None]
) -> None:
    clocked.redis.flushdb()
    clocked.set_time(1_800_000_000_000)
    worker, line, waiting = Worker(clocked.store), FairLine(), dict[tuple[float, int], str]()

    def claim() -> None:
        found = worker.claim()
        if not waiting:
            assert not isinstance(found, Claim)
            return
        first = min(waiting)
        assert isinstance(found, Claim)
        assert found.key == waiting.pop(first)
        line.serve(first[0])

    for number, event in enumerate(events):
        if event is None:
            claim()
            continue
        caller, priority, work_px = event
        sent = submission(
            str(number), caller=caller, weight=WEIGHTS[caller], priority=priority, work_px=work_px
        )
        submit(clocked.store, sent)
        weight = WEIGHTS[caller] * PRIORITY_WEIGHTS[priority]
        waiting[line.arrive(f"{caller}|{priority}", work_px, weight)] = key_of(sent)
    while waiting:
        claim()


@pytest.mark.parametrize("claimed_before", [0, 1, 30])
def test_one_callers_flood_does_not_hold_up_anothers_first(
    store: JobStore, claimed_before: int
) -> None:
    for number in range(200):
        submit(store, submission(f"flood-{number}", caller="ann"))
    worker = Worker(store)
    for _ in range(claimed_before):
        worker.take()
    mine = submission("mine", caller="ben")
    submit(store, mine)
    assert store.jobs.view(mine.job_id, "ben").position in (1, 2)
    assert key_of(mine) in {worker.take().key, worker.take().key}


def test_a_join_takes_the_render_where_the_joiner_would_stand(store: JobStore) -> None:
    first, *others = [submission(str(n), caller="ann") for n in range(20)]
    last = others[-1]
    for sent in (first, *others):
        submit(store, sent)
    assert store.jobs.view(last.job_id, "ann").position == 20
    submit(store, submission("19", caller="ben"))
    assert store.jobs.view(last.job_id, "ann").position == 2


def test_what_is_given_back_keeps_its_place(store: JobStore) -> None:
    sent = [submission(str(n)) for n in range(3)]
    for one in sent:
        submit(store, one)
    worker = Worker(store)
    claim = worker.take()
    worker.take()
    worker.release(claim)
    assert store.jobs.view(sent[0].job_id, "ann").position == 1
    again = worker.take()
    assert (again.key, again.attempt) == (claim.key, 1)


def test_seconds_tell_sizes_from_a_count(store: JobStore) -> None:
    Worker(store).beat(seconds_per_mp=0.5)
    small, large = submission("small"), submission("large", work_px=8 * MEGAPIXEL, caller="ben")
    tail = submission("tail", caller="cem")
    for sent in (small, large, tail):
        submit(store, sent)
    seen = [store.jobs.view(s.job_id, s.caller.name) for s in (small, large, tail)]
    assert [job.position for job in seen] == [1, 2, 3]
    assert [job.eta_s for job in seen] == pytest.approx([0.5, 4.5, 5.0])


def test_seconds_count_what_runs_and_who_works(store: JobStore) -> None:
    sent = [submission(str(n), work_px=2 * MEGAPIXEL) for n in range(2)]
    for one in sent:
        submit(store, one)
    assert store.jobs.view(sent[1].job_id, "ann").eta_s is None  # nobody is there
    first, second = Worker(store), Worker(store)
    first.beat(seconds_per_mp=1.0)
    first.take()
    assert store.jobs.view(sent[1].job_id, "ann").eta_s == pytest.approx(4.0)
    second.beat(seconds_per_mp=1.0)
    assert store.jobs.view(sent[1].job_id, "ann").eta_s == pytest.approx(2.0)


def test_the_first_thousand_are_summed_and_the_rest_is_the_mean(store: JobStore) -> None:
    Worker(store).beat(seconds_per_mp=1.0)
    sent = [
        submission(str(n), work_px=(1 if n < 1000 else 1 + 2 * (n % 2)) * MEGAPIXEL)
        for n in range(1101)
    ]
    for one in sent:
        store.submissions.admit(one)
        store.submissions.enqueue(one)
    at_1000, at_1050 = sent[1000], sent[1050]
    assert store.jobs.view(at_1000.job_id, "ann").eta_s == pytest.approx(1000 + 1)
    rest_px = sum(one.work_px for one in sent[1000:])
    mean_s = rest_px / 101 / 1e6
    assert store.jobs.view(at_1050.job_id, "ann").eta_s == pytest.approx(1000 + 50 * mean_s + 1)


def test_suspects_stand_before_others_of_their_tag(clocked: ClockedStore) -> None:
    sent = [submission(caller, caller=caller) for caller in ("ann", "ben")]
    for one in sent:
        submit(clocked.store, one)
    Worker(clocked.store).take()
    clocked.pass_time(8)
    seen = [clocked.store.jobs.view(one.job_id, one.caller.name) for one in sent]
    assert [(job.attempts, job.position) for job in seen] == [(1, 1), (0, 2)]
    found = Worker(clocked.store).take(LINE)
    assert (found.key, found.is_suspect) == (key_of(sent[0]), True)
