"""Usage: how much of their shares callers have used."""

from dataclasses import dataclass

from common.jobs import CacheStatus
from common.jobstore.redis_client import RedisClient


@dataclass(frozen=True, slots=True)
class DayUsage:
    """A caller's use of the service on one day, in UTC.

    Attributes:
        day_start_ms: When the day began, milliseconds since the epoch.
        day_end_ms: When it ends; then all counts but the open jobs are reset.
        open_jobs: Its open jobs, of this day or an earlier one.
        work_px: Admitted pixels at work size.
        answers: Its submissions by cache status.
    """

    day_start_ms: int
    day_end_ms: int
    open_jobs: int
    work_px: int
    answers: dict[CacheStatus, int]


class Usage:
    """The verb that reads a caller's usage."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def today(self, caller: str) -> DayUsage:
        """Return what a caller has used today.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call("usage", caller=caller)
        day_ms, now_ms = int(answer["day_ms"]), int(answer["now"])
        day_start_ms = now_ms - now_ms % day_ms
        return DayUsage(
            day_start_ms=day_start_ms,
            day_end_ms=day_start_ms + day_ms,
            open_jobs=int(answer["open"]),
            work_px=int(answer["px"]),
            answers={status: int(answer["answers"].get(status, 0)) for status in CacheStatus},
        )
