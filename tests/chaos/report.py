"""The report of a run: what was accepted, how it ended, what it took. Figures, no judgement."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.faults import Blow
from tests.chaos.history import History
from tests.chaos.schedule import Event, Kind
from tests.chaos.submissions import Submission
from tests.chaos.worker_logs import Pickup, WorkerLogs

# For so long a trouble that is over may delay a pick-up: the reaper lets live workers renew first.
DISTURBED_S = 12.0


@dataclass(frozen=True)
class Report:
    """The figures of one run.

    Attributes:
        ends: Accepted jobs by how they ended; failed ones by cause.
        refusals: Refusals and broken connections that callers met, by status or error.
        blows: Processes killed, by name without number.
        spared: Blows to workers left out, because no other one stood ready.
        verdicts: How attempts ended, by the workers' logs.
        counts: The job store's own counters.
        pickups: Renders of killed workers and when they were claimed again.
        undisturbed: Those of them in which no other part was in trouble.
        looks: How often pollers looked.
        took_s: From the first submission to rest, seconds.
        slowest_refusal_s: The longest wait for a 503 of the job store's, seconds.
    """

    ends: Counter[str]
    refusals: Counter[str]
    blows: Counter[str]
    spared: int
    verdicts: Counter[str]
    counts: dict[str, int]
    pickups: list[Pickup]
    undisturbed: list[Pickup]
    looks: int
    took_s: float
    slowest_refusal_s: float

    @property
    def accepted(self) -> int:
        """How many jobs were accepted."""
        return self.ends.total()

    def __str__(self) -> str:
        failed = {name: count for name, count in self.ends.items() if name != "succeeded"}
        rows = [
            ("accepted", f"{self.accepted} in {self.took_s:.0f} s"),
            ("succeeded", str(self.ends["succeeded"])),
            ("failed", _listed(failed)),
            ("attempts lost", str(self.counts.get("attempts_lost", 0))),
            ("attempts failed", str(self.counts.get("attempts_failed", 0))),
            ("late results", f"{self.verdicts['refused']} stopped by the fence"),
            ("given up between stages", str(self.verdicts["left"])),
            ("recovery", _distribution(self.pickups)),
            ("  nothing else wrong", _distribution(self.undisturbed)),
            ("killed", f"{_listed(self.blows)} ({self.spared} workers spared)"),
            ("callers met", _listed(self.refusals)),
            ("slowest refusal", f"{self.slowest_refusal_s:.1f} s"),
            ("looks at jobs", str(self.looks)),
        ]
        return "\n".join(f"  {name:<24}{value}" for name, value in rows)


def make_report(
    *,
    planned: Sequence[Submission],
    history: History,
    logs: WorkerLogs,
    kills: Sequence[Blow],
    spared: int,
    events: Sequence[tuple[float, Event]],
    counts: dict[str, int],
    took_s: float,
    slowest_refusal_s: float,
) -> Report:
    """Gather a run's figures.

    Args:
        planned: What was submitted.
        history: What pollers saw.
        logs: What workers said.
        kills: Which processes were killed when.
        spared: Blows to workers left out, because no other one stood ready.
        events: The faults with the times at which they began, seconds since the epoch.
        counts: The job store's counters.
        took_s: From the first submission to rest, seconds.
        slowest_refusal_s: The longest wait for a 503 of the job store's, seconds.
    """
    workers = [
        (int(kill.name.removeprefix("worker-")), kill.at_s)
        for kill in kills
        if kill.name.startswith("worker-")
    ]
    pickups = logs.pickups(workers)
    ends = (history.last(job_id) for submission in planned for job_id in submission.job_ids)
    return Report(
        ends=Counter(end.error or end.status for end in ends if end is not None),
        refusals=Counter(refusal for submission in planned for refusal in submission.refusals),
        spared=spared,
        blows=Counter(kill.name.rstrip("-0123456789") for kill in kills),
        verdicts=logs.verdicts(),
        counts=counts,
        pickups=pickups,
        undisturbed=[one for one in pickups if not _is_disturbed(one, events)],
        looks=history.looks,
        took_s=took_s,
        slowest_refusal_s=slowest_refusal_s,
    )


def _is_disturbed(pickup: Pickup, events: Sequence[tuple[float, Event]]) -> bool:
    """Whether a part other than a worker was in trouble between kill and claim, or just before."""
    until_s = pickup.killed_s + pickup.took_s
    return any(
        event.kind is not Kind.WORKER_KILLED
        and began_s < until_s
        and began_s + event.lasts_s + DISTURBED_S > pickup.killed_s
        for began_s, event in events
    )


def _distribution(pickups: Sequence[Pickup]) -> str:
    took_s = sorted(pickup.took_s for pickup in pickups)
    if not took_s:
        return "none"
    p50, p99 = (took_s[math.ceil(share * len(took_s)) - 1] for share in (0.5, 0.99))
    return f"p50 {p50:.1f} s, p99 {p99:.1f} s, max {took_s[-1]:.1f} s of {len(took_s)} renders"


def _listed(counted: dict[str, int] | Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items())) or "none"
