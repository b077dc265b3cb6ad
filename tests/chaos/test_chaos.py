"""The short form of `make chaos`, with a fixed seed: every fault once, nothing lost, none twice."""

from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign, say

SEED = 7
JOBS = 300
LENGTH_S = 86.0  # every fault has its turn


@pytest.mark.timeout(600)  # starting and settling take as long as the machine is busy
def test_every_accepted_job_ends_exactly_once(tmp_path: Path) -> None:
    report, faults = Campaign(SEED, JOBS, LENGTH_S).run(tmp_path)
    say(f"Report of seed {SEED}:\n{report}")
    assert faults == []
    assert report.accepted >= JOBS
    # The faults did reach the service.
    assert report.blows.keys() >= {"worker", "api", "api-process", "keeper", "redis"}
    assert report.slowest_refusal_s > 0
    assert report.pickups
    assert report.refusals
