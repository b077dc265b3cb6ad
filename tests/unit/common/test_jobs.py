"""The table of job states, and ids that say nothing."""

import pytest

from common import jobs
from common.jobs import JobStatus

ENDS = ("succeeded", "failed", "canceled", "expired")
MOVES = {
    *((before, end) for before in ("queued", "running") for end in ENDS),
    ("queued", "running"),
    ("running", "queued"),
}


def test_jobs_go_these_ways_and_no_other() -> None:
    found = {(str(b), str(a)) for b, afters in jobs.TRANSITIONS.items() for a in afters}
    assert found == MOVES


def test_every_state_has_its_row() -> None:
    assert jobs.TRANSITIONS.keys() == set(JobStatus)


@pytest.mark.parametrize("status", JobStatus)
def test_a_state_is_open_or_has_no_way_out(status: JobStatus) -> None:
    assert status.is_terminal == (not jobs.TRANSITIONS[status]) == (status not in jobs.OPEN)


def test_what_may_be_retried_has_ended_without_a_picture() -> None:
    assert jobs.TERMINAL - {JobStatus.SUCCEEDED} == jobs.RETRYABLE


def test_a_high_priority_weighs_sixteen_times_a_low_one() -> None:
    weights = jobs.PRIORITY_WEIGHTS
    assert [weights[p] for p in jobs.Priority] == [0.25, 1.0, 4.0]


def test_ids_are_128_random_bits() -> None:
    ids = {jobs.new_job_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(bytes.fromhex(job_id)) == 16 for job_id in ids)
