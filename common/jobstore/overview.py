"""The overview: lines, workers, counters and waiting callers at one moment."""

import json
from dataclasses import dataclass
from typing import Any

from common.jobstore.histogram import Histogram
from common.jobstore.redis_client import RedisClient

MOST_COUNTED = 1_000  # renders of each line: about two milliseconds of Redis


@dataclass(frozen=True, slots=True)
class CrewMember:
    """A living worker of a line.

    Attributes:
        busy_share: Share of the last seconds in which its device worked, 0 to 1.
        batch_size: Mean photos of its last forwards; 0 if there were none.
    """

    process: str
    name: str
    device: str
    state: str
    seconds_per_mp: float
    max_batch: int
    busy_share: float
    batch_size: float


@dataclass(frozen=True, slots=True)
class Line:
    """A style version with its line and its crew."""

    name: str
    style: str
    version: str
    card: dict[str, Any]
    first_seen_ms: int
    last_seen_ms: int
    waiting: int
    waiting_px: int
    running_px: int
    crew: tuple[CrewMember, ...]

    @property
    def ready(self) -> tuple[CrewMember, ...]:
        """The workers that are ready to claim."""
        return tuple(member for member in self.crew if member.state == "ready")


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole service at one moment, by Redis' clock.

    Attributes:
        eta_errors: |promised - real| seconds of each finished render; the promise is the first ETA,
            at its submission.
        took: Seconds from a render's first submission to its picture.
        webhooks_waiting: Events to be sent, or sent again.
        webhooks_due: Those of them that are due.
    """

    now_ms: int
    states: dict[str, int]
    counts: dict[str, int]
    lines: tuple[Line, ...]
    leases: int
    delayed: int
    doomed: int
    deleting: int
    dead: int
    reaper_pauses: int
    memory_share: float
    eta_errors: Histogram
    took: Histogram
    webhooks_waiting: int = 0
    webhooks_due: int = 0


@dataclass(frozen=True, slots=True)
class Queue:
    """The callers of one line.

    Attributes:
        counted: How many renders were counted, from the head of the line.
        callers: Renders among these, by caller.
    """

    counted: int
    callers: dict[str, int]


@dataclass(frozen=True, slots=True)
class WaitingCallers:
    """Which callers wait in which lines.

    Attributes:
        lines: By line; empty lines are left out.
        open_jobs: Open jobs by caller, in all lines, waiting or not.
    """

    lines: dict[str, Queue]
    open_jobs: dict[str, int]


class Overviews:
    """The read-only verbs on the whole service."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def overview(self) -> Overview:
        """Return the state of the whole service.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        return _read_overview(self._redis.call("overview"))

    def waiting_callers(self, most: int = MOST_COUNTED) -> WaitingCallers:
        """Return which callers wait in which line.

        Args:
            most: Most renders of a line that are counted.
        """
        answer = self._redis.call("waiting_callers", most=most)
        return WaitingCallers(
            lines={
                line: Queue(int(found["counted"]), {c: int(n) for c, n in found["callers"].items()})
                for line, found in answer["lines"].items()
            },
            open_jobs={caller: int(number) for caller, number in answer["open"].items()},
        )


def _read_overview(answer: dict[str, Any]) -> Overview:
    def whole(counters: dict[str, str]) -> dict[str, int]:
        return {name: int(value) for name, value in counters.items()}

    return Overview(
        now_ms=int(answer["now_ms"]),
        states=whole(answer["states"]),
        counts=whole(answer["counts"]),
        lines=tuple(_read_line(line) for line in answer["lines"] or ()),
        leases=int(answer["leases"]),
        delayed=int(answer["delayed"]),
        doomed=int(answer["doomed"]),
        deleting=int(answer["deleting"]),
        dead=int(answer["dead"]),
        reaper_pauses=int(answer["reaper"].get("pauses", 0)),
        memory_share=float(answer["memory"]),
        eta_errors=Histogram.read(answer["eta"]),
        took=Histogram.read(answer["took"]),
        webhooks_waiting=int(answer["webhooks"]["waiting"]),
        webhooks_due=int(answer["webhooks"]["due"]),
    )


def _read_line(line: dict[str, Any]) -> Line:
    return Line(
        name=line["line"],
        style=line["style"],
        version=line["version"],
        card=json.loads(line["card"]),
        first_seen_ms=int(line["first_seen_ms"]),
        last_seen_ms=int(line["last_seen_ms"]),
        waiting=int(line["waiting"]),
        waiting_px=int(line["waiting_px"]),
        running_px=int(line["running_px"]),
        crew=tuple(
            CrewMember(
                process=member["process"],
                name=member["name"],
                device=member["device"],
                state=member["state"],
                seconds_per_mp=float(member["seconds_per_mp"]),
                max_batch=int(member["max_batch"]),
                busy_share=float(member.get("busy_share", 0)),  # not reported by earlier releases
                batch_size=float(member.get("batch_size", 0)),
            )
            for member in line["crew"] or ()
        ),
    )
