"""Usage: what callers have used up of their shares."""

from dataclasses import dataclass

from common.jobs import CacheStatus
from common.jobstore.redis_client import RedisClient


@dataclass(frozen=True, slots=True)
class DayUsage:
    """A caller's use of the service on one day, in UTC.

    Attributes:
        day_start_ms: When the day began, milliseconds since the epoch.
        day_end_ms: When it ends and all but the open jobs begin anew.
        open_jobs: Its jobs that are open now, whenever they were sent.
        work_px: Pixels at work size that were admitted.
        answers: How many of its submissions met the cache in which way.
    """

    day_start_ms: int
    day_end_ms: int
    open_jobs: int
    work_px: int
    answers: dict[CacheStatus, int]


class Usage:
    """The view of a caller's use."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def today(self, caller: str) -> DayUsage:
        """Return what a caller has used up today.

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
