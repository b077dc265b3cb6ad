"""The brief form of `make chaos`, and the short one: every fault once, nothing lost, none twice."""

from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign, say
from tests.chaos.schedule import Form

# Every fault has its turn in so long. Of the brief form's seeds this one freezes Redis, and fills
# it up, while the API is there to say so.
BRIEF = Campaign(101, jobs=150, length_s=44.0, form=Form.BRIEF, identical=200)
SHORT = Campaign(7, jobs=300, length_s=86.0, form=Form.SHORT)


@pytest.mark.timeout(600)  # starting and settling take as long as the machine is busy
@pytest.mark.parametrize(
    "campaign", [BRIEF, pytest.param(SHORT, marks=pytest.mark.campaign)], ids=["brief", "short"]
)
def test_every_accepted_job_ends_exactly_once(tmp_path: Path, campaign: Campaign) -> None:
    report, faults = campaign.run(tmp_path)
    say(f"Report of seed {campaign.seed}:\n{report}")
    assert faults == []
    assert report.accepted >= campaign.jobs
    # The faults did reach the service.
    assert report.blows.keys() >= {"worker", "api", "api-process", "keeper", "redis"}
    assert report.slowest_refusal_s > 0
    assert report.pickups
    assert report.refusals
