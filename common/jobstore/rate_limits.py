"""Request windows: how many requests came in a window of time, whichever API process took them."""

from dataclasses import dataclass

from common.jobstore.redis_client import RedisClient


@dataclass(frozen=True, slots=True)
class RateLimitWindow:
    """A window as one of its requests found it.

    Attributes:
        counted: Requests in it, this one among them.
        left_s: Seconds until it is over.
    """

    counted: int
    left_s: float


class RateLimits:
    """The verb that counts requests."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def count(self, window: str, *, window_s: int, amount: int = 1) -> RateLimitWindow:
        """Count requests in a window, which begins with its first one.

        Args:
            window: Its name, without a colon.
            window_s: Its length.
            amount: How many requests to count.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call(
            "count_request", window=window, window_ms=window_s * 1000, amount=amount
        )
        return RateLimitWindow(int(answer["counted"]), answer["left_ms"] / 1000)
