"""Webhook deliveries: the signing secret, what was sent, and sending it again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celshade.client.json_fields import Fields
from celshade.client.transport import Transport, read_json

_PAGE = "100"  # the most that a server lists at once


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """What webhooks are signed with; after a rotation by both, for a while.

    Attributes:
        secret: As `webhooks.verify` takes it.
        former: The one before, while it still signs.
        former_signs_until: Until then.
    """

    secret: str = field(repr=False)
    former: str | None = field(repr=False)
    former_signs_until: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event, and how it was sent.

    Attributes:
        id: The `webhook-id` of every attempt.
        type: Such as `job.succeeded`.
        status: How it stands, as the server calls it.
        sent: How often it was sent.
        next_attempt_at: When it is sent again; None when it has ended.
        raw: The whole object as it came, the last attempts with it.
    """

    id: str
    type: str
    job_id: str | None
    batch_id: str | None
    url: str | None
    status: str
    sent: int
    created_at: datetime | None
    next_attempt_at: datetime | None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Deliveries:
    """The webhooks of one caller. Raises what every method of `Client` raises."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def secret(self) -> WebhookSecret:
        """Ask what webhooks are signed with; made when it is first asked for."""
        return _secret_of(read_json(self._http.call("GET", self._url("secret"))))

    def rotate_secret(self) -> WebhookSecret:
        """Change what webhooks are signed with; the secret before signs beside it for a while."""
        url = self._url("secret", "rotate")
        return _secret_of(read_json(self._http.call("POST", url, repeatable=False)))

    def __iter__(self) -> Iterator[Delivery]:
        """Go through what was sent, or is on its way, newest first."""
        params = {"limit": _PAGE}
        while True:
            response = self._http.call("GET", self._url("deliveries"), params=params)
            page = Fields(read_json(response), "list of deliveries")
            yield from (_delivery_of(value) for value in page.objects("data"))
            cursor = page.optional_text("next_cursor")
            if cursor is None:
                return
            params = {"limit": _PAGE, "cursor": cursor}

    def get(self, delivery_id: str) -> Delivery:
        """Ask how a delivery stands."""
        response = self._http.call("GET", self._url("deliveries", delivery_id))
        return _delivery_of(read_json(response))

    def redeliver(self, delivery_id: str) -> Delivery:
        """Send an event again, now, under the same id."""
        url = self._url("deliveries", delivery_id, "redeliver")
        return _delivery_of(read_json(self._http.call("POST", url, repeatable=False)))

    def _url(self, *segments: str) -> str:
        return self._http.url("v1", "webhooks", *segments)


def _secret_of(value: object) -> WebhookSecret:
    secret = Fields(value, "webhook secret")
    return WebhookSecret(
        secret=secret.text("secret"),
        former=secret.optional_text("former_secret"),
        former_signs_until=secret.time("former_signs_until"),
    )


def _delivery_of(value: object) -> Delivery:
    delivery = Fields(value, "delivery")
    return Delivery(
        id=delivery.text("id"),
        type=delivery.text("type"),
        job_id=delivery.optional_text("job_id"),
        batch_id=delivery.optional_text("batch_id"),
        url=delivery.optional_text("url"),
        status=delivery.text("status"),
        sent=delivery.integer("sent") or 0,
        created_at=delivery.time("created_at"),
        next_attempt_at=delivery.time("next_attempt_at"),
        raw=delivery.values,
    )
