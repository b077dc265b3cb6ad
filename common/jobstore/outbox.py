"""The outbox: events to be sent to the addresses that callers named.

An event is recorded by the same script that ends its job. A keeper claims what is due, sends it and
records the outcome. If the keeper dies, another one takes over when the lease has ended, so that
each event is sent at least once.
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
    """The outcome of one attempt: 2xx, 410, another status, or no answer."""

    DELIVERED = "delivered"
    GONE = "gone"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class DueWebhook:
    """An event to be sent now.

    Attributes:
        id: The same at every attempt; holds the run.
        token: The fencing token of this claim.
        base_url: The base of its links.
        event: Such as `job.succeeded`.
        subject: Id of its job or batch.
        made_ms: When it happened, milliseconds since the epoch by Redis' clock.
        job: Its job at the end of that run; None for a batch.
        secrets: The secrets it is signed with, the current one first.
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
        """Claim events that are due, each for a lease's time.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        token = secrets.token_hex(8)
        fresh = [new_secret() for _ in range(most)]
        answer = self._redis.call("webhook_claim", most=most, token=token, fresh=fresh)
        return tuple(_read_due(found, token) for found in answer or ())

    def record(self, due: DueWebhook, outcome: Sending, *, answer: str, took_ms: int) -> str:
        """Record the outcome of sending an event; return its new status, or `refused`.

        Args:
            due: As it was claimed.
            outcome: The outcome.
            answer: For the log: an HTTP status, or a word.
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
            # So that events that failed together are not all sent again together.
            jitter=random.uniform(*WEBHOOK_JITTER),  # noqa: S311 - not a secret
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
