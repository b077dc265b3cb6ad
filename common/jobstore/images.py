"""Images: photos kept for later jobs, so that one upload serves several styles."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import NotFound, QueueFull, QueueFullForKey, StorageUnavailable
from common.jobs import new_job_id
from common.jobstore.redis_client import RETRY_AFTER_S, RedisClient
from common.jobstore.submissions import FULL_RETRY_AFTER_S


@dataclass(frozen=True, slots=True)
class Image:
    """A kept photo.

    Attributes:
        input_name: Its object in the storage.
        content_type: Media type, by content.
        width: Pixels, as displayed.
        height: As `width`.
        created_ms: Milliseconds since the epoch by Redis' clock.
        expires_ms: When it expires; jobs made from it keep the object.
        now_ms: When this was read.
    """

    id: str
    input_name: str
    sha256: str
    content_type: str
    width: int
    height: int
    size_bytes: int
    created_ms: int
    expires_ms: int
    now_ms: int


class Images:
    """The verbs on images."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def begin(self, caller: str, input_name: str) -> None:
        """Reserve a name for a photo; the object is deleted after an hour unless it is kept.

        Raises:
            QueueFull: Redis has no room.
            QueueFullForKey: The caller keeps too many.
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call("image_begin", caller=caller, input=input_name)
        if answer["outcome"] == "queue_full":
            raise QueueFull(retry_after_s=FULL_RETRY_AFTER_S)
        if answer["outcome"] == "queue_full_for_key":
            raise QueueFullForKey(
                f"You keep {self._redis.policy.images_max:,} images; delete some first.",
                retry_after_s=FULL_RETRY_AFTER_S,
            )

    def keep(
        self,
        caller: str,
        input_name: str,
        *,
        sha256: str,
        content_type: str,
        width: int,
        height: int,
        size_bytes: int,
    ) -> Image:
        """Record a photo that has been stored.

        Raises:
            StorageUnavailable: Storing it took so long that its name was swept.
            QueueFull, StoreUnavailable: As `begin`.
        """
        image_id = new_job_id()
        answer = self._redis.call(
            "image_keep",
            image=image_id,
            caller=caller,
            input=input_name,
            sha=sha256,
            content_type=content_type,
            width=width,
            height=height,
            size_bytes=size_bytes,
        )
        if answer["outcome"] == "input_lost":
            raise StorageUnavailable(retry_after_s=RETRY_AFTER_S)
        return self.view(image_id, caller)

    def view(self, image_id: str, caller: str) -> Image:
        """Return a caller's image.

        Raises:
            NotFound: There is none, it is another caller's, or it has expired.
            StoreUnavailable: Redis does not answer.
        """
        record = self._redis.call("image_view", image=image_id, caller=caller)
        if record is None:
            raise NotFound("There is no such image; send the photo again.")
        return _read_image(record)

    def drop(self, image_id: str, caller: str) -> None:
        """Delete an image; jobs made from it keep its object.

        Raises:
            NotFound: There is none, or it is another caller's.
        """
        if self._redis.call("image_drop", image=image_id, caller=caller)["outcome"] != "dropped":
            raise NotFound("There is no such image.")


def _read_image(record: Mapping[str, Any]) -> Image:
    return Image(
        id=record["id"],
        input_name=record["input"],
        sha256=record["sha"],
        content_type=record["ctype"],
        width=int(record["width"]),
        height=int(record["height"]),
        size_bytes=int(record["bytes"]),
        created_ms=int(record["created"]),
        expires_ms=int(record["expires"]),
        now_ms=int(record["now"]),
    )
