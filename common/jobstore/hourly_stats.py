"""The last hour, minute by minute: the keeper notes the counters, readers take the differences.

Nothing is counted here that is not counted anyway; a minute costs one script of the keeper's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from common.jobs import TERMINAL, CacheStatus, JobStatus
from common.jobstore.histogram import Histogram
from common.jobstore.redis_client import RedisClient

MINUTES = 60
_TOOK = "took."


@dataclass(frozen=True, slots=True)
class Minute:
    """What happened between two notes: a minute, longer where no keeper ran, the last one shorter.

    Attributes:
        began_ms: When, by Redis' clock.
        length_s: How long, seconds.
        submitted: Submissions by how the cache met them.
        ended: Runs that ended, by status.
        renders_done: Pictures made.
        took: Times from a render's first submission until its picture was there.
        waiting: Renders that waited as it began.
        running: Renders that were being worked on as it began.
    """

    began_ms: int
    length_s: float
    submitted: dict[CacheStatus, int]
    ended: dict[JobStatus, int]
    renders_done: int
    took: Histogram
    waiting: int
    running: int


class HourlyStats:
    """What readers ask of the last hour; `Upkeep.note_minute` writes it."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def last_hour(self) -> tuple[Minute, ...]:
        """Tell of the last 60 minutes and the present one, the oldest first."""
        notes = self._redis.call("minutes", most=MINUTES)
        return tuple(_between(then, now) for then, now in pairwise(notes))


def _between(then: Mapping[str, str], now: Mapping[str, str]) -> Minute:
    def grown(name: str) -> int:
        return max(0, int(now.get(name, 0)) - int(then.get(name, 0)))

    return Minute(
        began_ms=int(then["at"]),
        length_s=max(0.0, (int(now["at"]) - int(then["at"])) / 1000),
        submitted={met: grown(f"cache_{met}") for met in CacheStatus},
        ended={status: grown(f"jobs_{status}") for status in sorted(TERMINAL)},
        renders_done=grown("renders_done"),
        took=_took(now).since(_took(then)),
        waiting=int(then["waiting"]),
        running=int(then["running"]),
    )


def _took(note: Mapping[str, str]) -> Histogram:
    return Histogram.read(
        {name.removeprefix(_TOOK): value for name, value in note.items() if name.startswith(_TOOK)}
    )
