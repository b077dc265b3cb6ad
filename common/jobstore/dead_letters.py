"""Dead letters: jobs whose render failed for good for reasons that are not the picture's.

They belong to callers; these are the operators' verbs on them. The list holds only ids. A letter is
removed with its job's record, by the job's next run, by a purge, or when it is too old.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import NotFound
from common.jobs import JobFailure
from common.jobstore.redis_client import RedisClient


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One job in the list, without its photo and its metadata.

    Attributes:
        job_id: The job.
        caller: Whose it is.
        render_key: To find the attempts in the workers' logs.
        attempts: Counted attempts of its render.
        failure: The cause of the last of them.
        created_ms: When it was submitted, milliseconds since the epoch.
        died_ms: When its last attempt ended.
        has_photo: Whether its photo is still kept, so that it can be retried.
    """

    job_id: str
    caller: str
    style: str
    version: str
    render_key: str
    run: int
    attempts: int
    failure: JobFailure
    created_ms: int
    died_ms: int
    has_photo: bool


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """One page of the list, newest first; `cursor` is None on the last."""

    letters: tuple[DeadLetter, ...]
    cursor: str | None


class DeadLetters:
    """The operators' verbs on dead letters."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def page(self, *, cursor: str | None, limit: int) -> DeadLetterPage:
        """Return a page of the list, newest first, from a cursor on.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call("dead", cursor=cursor, limit=limit)
        return DeadLetterPage(tuple(map(_read, answer["letters"])), answer.get("cursor"))

    def caller_of(self, job_id: str) -> str:
        """Return the caller whose job a letter is.

        Raises:
            NotFound: The list has no such letter.
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call("dead", job=job_id)
        if not answer["letters"]:
            raise NotFound("There is no such dead letter.")
        return _read(answer["letters"][0]).caller

    def purge(self, *, older_than_s: int = 0) -> int:
        """Remove all letters of at least this age; return how many.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        return int(self._redis.call("purge", older_ms=older_than_s * 1000)["purged"])

    def purge_one(self, job_id: str) -> None:
        """Remove one letter; its job stays.

        Raises:
            NotFound: The list has no such letter.
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call("purge", job=job_id)
        if not answer["purged"]:
            raise NotFound("There is no such dead letter.")


def _read(letter: Mapping[str, Any]) -> DeadLetter:
    failure = json.loads(letter["error"])
    return DeadLetter(
        job_id=letter["job"],
        caller=letter["caller"],
        style=letter["style"],
        version=letter["version"],
        render_key=letter["render"],
        run=int(letter["run"]),
        attempts=int(letter["attempts"]),
        failure=JobFailure(failure["code"], failure["message"], failure["retryable"]),
        created_ms=int(letter["created"]),
        died_ms=int(letter["died"]),
        has_photo=letter["has_photo"],
    )
