"""Webhooks as callers see them: the log of deliveries, the secrets, and disabled addresses.

`outbox.py` sends the events.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common.errors import NotFound, NotRetryable
from common.jobstore.redis_client import RedisClient

SECRET_MARK = "whsec_"  # noqa: S105 - the prefix of secrets, by Standard Webhooks
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where the events of a submission go.

    Attributes:
        url: The address.
        base_url: The base of the links in them.
    """

    url: str
    base_url: str

    def argument(self) -> dict[str, str]:
        """Return the scripts' argument; its id is a digest of the address."""
        digest = hashlib.sha256(self.url.encode()).hexdigest()
        return {"id": digest[:32], "url": self.url, "base": self.base_url}


class WebhookStatus(StrEnum):
    """The status of an event."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    DISABLED = "disabled"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class WebhookAttempt:
    """One attempt: when it began, its outcome (an HTTP status or a word), and how long it took."""

    at_ms: int
    answer: str
    took_ms: int


@dataclass(frozen=True, slots=True)
class Webhook:
    """An event as its caller's log shows it.

    Attributes:
        url: None once the address has not been used for long.
        due_ms: When it is sent next; None if it has ended.
        sent: How often it was sent; `attempts` are the latest of these.
    """

    id: str
    event: str
    subject: str
    run: int
    url: str | None
    status: WebhookStatus
    made_ms: int
    due_ms: int | None
    sent: int
    attempts: tuple[WebhookAttempt, ...]


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """One page of a caller's log, newest first; `cursor` is None on the last."""

    webhooks: tuple[Webhook, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """The secrets that sign a caller's webhooks.

    Attributes:
        former: The former secret, while it still signs.
        former_until_ms: Until when it signs.
    """

    current: str
    former: str | None
    former_until_ms: int | None


@dataclass(frozen=True, slots=True)
class DisabledAddress:
    """An address that answered that it wants no more webhooks."""

    id: str
    url: str
    since_ms: int


class Webhooks:
    """The callers' verbs on webhooks."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def page(self, caller: str, *, cursor: str | None, limit: int) -> WebhookPage:
        """Return a page of a caller's log, newest first, from a cursor on.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call("webhook_log", caller=caller, cursor=cursor, limit=limit)
        return WebhookPage(tuple(map(_read, answer["webhooks"] or ())), answer.get("cursor"))

    def view(self, webhook_id: str, caller: str) -> Webhook:
        """Return an event of a caller's.

        Raises:
            NotFound: There is none, or it is another caller's.
        """
        answer = self._redis.call("webhook_log", caller=caller, webhook=webhook_id)
        if not answer["webhooks"]:
            raise NotFound("There is no such delivery.")
        return _read(answer["webhooks"][0])

    def redeliver(self, webhook_id: str, caller: str) -> None:
        """Send an event again, now.

        Raises:
            NotFound: There is none, or it is another caller's.
            NotRetryable: Its address is disabled, or its job or batch is gone or runs again.
        """
        answer = self._redis.call("webhook_redeliver", caller=caller, webhook=webhook_id)
        match answer["outcome"]:
            case "not_found":
                raise NotFound("There is no such delivery.")
            case "disabled":
                raise NotRetryable("Its address is disabled; enable it first.")
            case "superseded":
                raise NotRetryable("Its job or batch is gone, or runs again; look at that instead.")

    def secrets(self, caller: str) -> WebhookSecrets:
        """Return a caller's secrets; the first one is made when they are first read.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        return _read_secrets(self._redis.call("webhook_secret", caller=caller, fresh=new_secret()))

    def rotate(self, caller: str) -> WebhookSecrets:
        """Make a new secret for a caller; the former one still signs for a while."""
        return _read_secrets(
            self._redis.call("webhook_secret", caller=caller, fresh=new_secret(), rotate=True)
        )

    def disabled(self, caller: str) -> tuple[DisabledAddress, ...]:
        """Return a caller's disabled addresses, newest first."""
        return tuple(
            DisabledAddress(found["id"], found["url"], int(found["since"]))
            for found in self._redis.call("webhook_off", caller=caller) or ()
        )

    def enable(self, address_id: str, caller: str) -> None:
        """Enable an address again.

        Raises:
            NotFound: There is none, it is another caller's, or it is not disabled.
        """
        answer = self._redis.call("webhook_enable", caller=caller, endpoint=address_id)
        if answer["outcome"] != "enabled":
            raise NotFound("There is no such disabled address.")


def new_secret() -> str:
    """Make a secret of 256 random bits, in the form of Standard Webhooks."""
    return SECRET_MARK + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _read(record: Mapping[str, Any]) -> Webhook:
    return Webhook(
        id=record["id"],
        event=record["event"],
        subject=record["of"],
        run=int(record["run"]),
        url=record.get("url"),
        status=WebhookStatus(record["status"]),
        made_ms=int(record["made"]),
        due_ms=int(record["due"]) if "due" in record else None,
        sent=int(record["sent"]),
        attempts=tuple(_read_attempts(record)),
    )


def _read_attempts(record: Mapping[str, Any]) -> Sequence[WebhookAttempt]:
    """Read the attempts that are kept, `log.1` and so on, in their order."""
    numbers = sorted(int(name[4:]) for name in record if name.startswith("log."))
    entries = [str(record[f"log.{number}"]).split() for number in numbers]
    return [WebhookAttempt(int(at), answer, int(took)) for at, answer, took in entries]


def _read_secrets(record: Mapping[str, Any]) -> WebhookSecrets:
    until = record.get("former_until")
    return WebhookSecrets(record["current"], record.get("former"), int(until) if until else None)
