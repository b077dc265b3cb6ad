"""Hourly statistics: the last hour by minute, from counters that the keeper records each minute.

Nothing is counted only for this. Readers take the differences between the records.
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
    """What happened in one minute; longer if no keeper ran, shorter for the present one.

    Attributes:
        began_ms: Its beginning, by Redis' clock.
        length_s: Its length, seconds.
        submitted: Submissions by cache status.
        ended: Runs that ended, by status.
        renders_done: Renders completed.
        took: Times from a render's first submission to its picture.
        waiting: Renders waiting as it began.
        running: Renders running as it began.
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
    """Reads the statistics; `Maintenance.note_minute` writes them."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def last_hour(self) -> tuple[Minute, ...]:
        """Return the last 60 minutes and the present one, oldest first."""
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
