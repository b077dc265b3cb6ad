"""Outputs: whether finished pictures are still in the storage, asked once an hour for each."""

from common.jobstore.redis_client import RedisClient


class Outputs:
    """The verbs on finished pictures."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    @property
    def check_ms(self) -> int:
        """How long a picture that was seen is taken as there, milliseconds."""
        return self._redis.policy.check_ms

    def is_due(self, name: str, made_ms: int) -> bool:
        """Whether the asker must look for a picture now; nobody else is told so meanwhile.

        Args:
            name: Its object.
            made_ms: When it was rendered, milliseconds since the epoch.
        """
        answer = self._redis.call("output_check", object=name, made=made_ms)
        return bool(answer["outcome"] == "due")

    def seen(self, name: str) -> None:
        """Say that it is there."""
        self._redis.call("output_seen", object=name)

    def vanished(self, name: str) -> int:
        """Say that it is gone: nothing leads to it any more. Returns how many jobs lost it."""
        return int(self._redis.call("output_vanished", object=name)["jobs"])
