"""What the workers' logs say of attempts: who claimed which render when, and how it ended."""

import json
import re
import signal
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

CLAIMED = "claimed"
CANNOT_START = 1  # exit code of a worker process that could not load what it needs
ENDINGS = ("render ended", "render left", "render failed")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log that is about an attempt.

    Attributes:
        at_s: When, seconds since the epoch.
        worker: Number of the worker.
        render: The render's key.
        job: One of its jobs.
        message: What happened.
        verdict: The job store's answer to the end of an attempt, if any.
    """

    at_s: float
    worker: int
    render: str
    job: str
    message: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Pickup:
    """A render whose worker was killed, and the seconds until somebody claimed it again."""

    worker: int
    killed_s: float
    took_s: float


class WorkerLogs:
    """All attempts of a run, in the order of their times."""

    def __init__(self, logs: Path) -> None:
        lines = [line for path in logs.glob("worker-*.log") for line in _lines_of(path)]
        self.lines = sorted(lines, key=lambda line: line.at_s)

    def verdicts(self) -> Counter[str]:
        """Count how attempts ended."""
        counted = Counter(line.verdict for line in self.lines if line.verdict)
        counted["left"] = sum(line.message.startswith("render left") for line in self.lines)
        return counted

    def claims_of(self, job: str) -> int:
        """Count the attempts at the render of a job that is the only one attached to it."""
        renders = {line.render for line in self.lines if line.job == job}
        return sum(line.render in renders and line.message == CLAIMED for line in self.lines)

    def claimed_by(self, jobs: set[str]) -> int | None:
        """Return the number of the worker that claimed a render of these jobs last."""
        claims = [one.worker for one in self.lines if one.message == CLAIMED and one.job in jobs]
        return claims[-1] if claims else None

    def pickups(self, kills: list[tuple[int, float]]) -> list[Pickup]:
        """Find out when the renders that killed workers held were claimed again.

        Args:
            kills: Workers' numbers and when they were killed, seconds since the epoch.
        """
        by_render: dict[str, list[Line]] = defaultdict(list)
        for line in self.lines:
            by_render[line.render].append(line)
        return [
            Pickup(worker, killed_s, after[0].at_s - killed_s)
            for worker, killed_s in kills
            for lines in by_render.values()
            if _was_held(lines, worker, killed_s)
            and (after := [one for one in lines if one.message == CLAIMED and one.at_s > killed_s])
        ]


def own_exits(logs: Path) -> Counter[str]:
    """Count the worker processes that ended without being killed, by what their supervisor says.

    A process may end as long as it has not begun to serve: it cannot load what it needs.
    """
    exits: Counter[str] = Counter()
    for path in logs.glob("worker-*.log"):
        text = path.read_text(encoding="utf-8", errors="replace")
        exits.update(
            said for said in re.findall(r"worker-\d+ ended with -?\d+", text) if not _is_meant(said)
        )
    return exits


def _is_meant(said: str) -> bool:
    code = int(said.rpartition(" ")[2])
    return code in (-signal.SIGKILL, CANNOT_START)


def stands_ready(logs: Path, worker: int) -> bool:
    """Say whether a worker's process has begun to follow hints and not ended since."""
    try:
        text = (logs / f"worker-{worker}.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    began = re.compile(rf"worker-{worker}@[^\"]* ready\.")
    ended = re.compile(rf"worker-{worker} ended with")
    return _last(began, text) > _last(ended, text)


def _last(sign: re.Pattern[str], text: str) -> int:
    """Return where a sign stands last in a text; -1 when it does not."""
    return max((found.start() for found in sign.finditer(text)), default=-1)


def _was_held(lines: list[Line], worker: int, at_s: float) -> bool:
    """Whether a worker held this render at a moment: its last word on it was the claim."""
    own = [line for line in lines if line.worker == worker and line.at_s <= at_s]
    return bool(own) and own[-1].message == CLAIMED


def _lines_of(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            found = _line(text)
            if found is not None:
                yield found


def _line(text: str) -> Line | None:
    """Read one line; None for what is no attempt's, a traceback or cut off by a kill."""
    try:
        fields: dict[str, Any] = json.loads(text)
        message = fields["message"]
        if message != CLAIMED and not message.startswith(ENDINGS):
            return None
        return Line(
            at_s=datetime.fromisoformat(fields["time"]).timestamp(),
            worker=int(fields["process"].removeprefix("worker-")),
            render=fields["render"],
            job=fields["job"],
            message=message,
            verdict=fields.get("verdict", ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
