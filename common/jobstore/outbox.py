"""The outbox: events that are to be told to the addresses that callers named.

An event is recorded by the very script that ends its job. A keeper claims what is due, sends it and
records the outcome; one that dies in between is followed by another when its lease has ended, so
that each event is sent at least once.
"""

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common.jobs import Job
from common.jobstore.jobs import read_job
from common.jobstore.policy import WEBHOOK_JITTER
from common.jobstore.redis_client import RedisClient
from common.jobstore.webhooks import new_secret


class Sending(StrEnum):
    """What came of one attempt: 2xx, 410, another status, or no answer at all."""

    DELIVERED = "delivered"
    GONE = "gone"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class DueWebhook:
    """An event to be sent now.

    Attributes:
        id: The same at every attempt; holds the run.
        token: Shows that it is this claim's.
        base_url: What its links begin with.
        event: Such as `job.succeeded`.
        subject: Id of its job or batch.
        made_ms: When it happened, milliseconds since the epoch by Redis' clock.
        job: Its job at the end of that run; None for a batch.
        secrets: What it is signed with, the present one first.
    """

    id: str
    token: str
    caller: str
    url: str
    base_url: str
    event: str
    subject: str
    made_ms: int
    job: Job | None
    secrets: tuple[str, ...]


class Outbox:
    """The keeper's verbs on webhooks."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def claim(self, *, most: int) -> tuple[DueWebhook, ...]:
        """Take events that are due, each for a lease's time.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        token = secrets.token_hex(8)
        fresh = [new_secret() for _ in range(most)]
        answer = self._redis.call("webhook_claim", most=most, token=token, fresh=fresh)
        return tuple(_read_due(found, token) for found in answer or ())

    def record(self, due: DueWebhook, outcome: Sending, *, answer: str, took_ms: int) -> str:
        """Note what came of sending an event; answers where it stands, or `refused`.

        Args:
            due: As it was claimed.
            outcome: What came of it.
            answer: What the log says: a status, or a word.
            took_ms: How long it took, milliseconds.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        noted = self._redis.call(
            "webhook_record",
            webhook=due.id,
            token=due.token,
            outcome=outcome,
            answer=answer,
            ms=took_ms,
            # Not for a secret: only so that not all that failed together comes again together.
            jitter=random.uniform(*WEBHOOK_JITTER),  # noqa: S311 - as said above
        )
        return str(noted["outcome"])


def _read_due(found: Mapping[str, Any], token: str) -> DueWebhook:
    return DueWebhook(
        id=found["id"],
        token=token,
        caller=found["caller"],
        url=found["url"],
        base_url=found["base"],
        event=found["event"],
        subject=found["of"],
        made_ms=int(found["made"]),
        job=read_job(found["job"]) if "job" in found else None,
        secrets=tuple(found["secrets"]),
    )
