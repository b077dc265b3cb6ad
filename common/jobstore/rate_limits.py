"""Rate limits: request counters of fixed windows, shared by all API processes."""

from dataclasses import dataclass

from common.jobstore.redis_client import RedisClient


@dataclass(frozen=True, slots=True)
class RateLimitWindow:
    """A window after a request was counted in it.

    Attributes:
        counted: Requests so far, including this one.
        left_s: Seconds until the window ends.
    """

    counted: int
    left_s: float


class RateLimits:
    """The verb that counts requests."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def count(self, window: str, *, window_s: int) -> RateLimitWindow:
        """Count a request; the first one starts the window.

        Args:
            window: Name of the counter, without a colon.
            window_s: Length of the window, seconds.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call("count_request", window=window, window_ms=window_s * 1000)
        return RateLimitWindow(int(answer["counted"]), answer["left_ms"] / 1000)
