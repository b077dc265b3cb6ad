"""Outputs: whether finished pictures are still in the storage, checked once an hour for each."""

from common.jobstore.redis_client import RedisClient


class Outputs:
    """The verbs on finished pictures."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    @property
    def check_ms(self) -> int:
        """How long a picture counts as present after a check, milliseconds."""
        return self._redis.policy.check_ms

    def is_due(self, name: str, made_ms: int) -> bool:
        """Return whether the asker must check a picture now; others are not asked meanwhile.

        Args:
            name: Its object.
            made_ms: When it was rendered, milliseconds since the epoch.
        """
        answer = self._redis.call("output_check", object=name, made=made_ms)
        return bool(answer["outcome"] == "due")

    def seen(self, name: str) -> None:
        """Record that a picture is present."""
        self._redis.call("output_seen", object=name)

    def vanished(self, name: str) -> int:
        """Record that a picture is gone and drop references to it; return how many jobs had it."""
        return int(self._redis.call("output_vanished", object=name)["jobs"])
