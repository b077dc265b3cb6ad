"""Webhook schemas: deliveries, secrets and disabled addresses. Pure."""

from typing import Literal

from pydantic import Field

from api.http.request_options import MAX_LIST, Fields
from common.jobstore.webhooks import (
    DisabledAddress,
    Webhook,
    WebhookAttempt,
    WebhookPage,
    WebhookSecrets,
    WebhookStatus,
)
from common.schemas.base import Body, Id, Moment, moment

DELIVERY_ID = r"(?:job|batch)_[0-9a-f]{32}_[0-9]{1,9}"
DELIVERY_CURSOR = rf"^[0-9]{{1,15}}\.{DELIVERY_ID}$"
NO_ANSWER = "no_answer"


class DeliveryListParameters(Fields):
    """What part of the log is asked for."""

    cursor: str | None = Field(None, pattern=DELIVERY_CURSOR)
    limit: int = Field(20, ge=1, le=MAX_LIST)


class AttemptBody(Body):
    """One attempt to send a webhook."""

    at: Moment
    status: int | None = Field(description="The receiver's HTTP status; null when none came.")
    error: Literal["no_answer"] | None = Field(
        description="`no_answer`: no such name, not allowed, closed, silent, broken or too slow."
    )
    took_ms: int

    @classmethod
    def of(cls, attempt: WebhookAttempt) -> "AttemptBody":
        """Build the body of an attempt."""
        is_silent = attempt.answer == NO_ANSWER
        return cls.model_validate(
            {
                "at": moment(attempt.at_ms),
                "status": None if is_silent else int(attempt.answer),
                "error": NO_ANSWER if is_silent else None,
                "took_ms": attempt.took_ms,
            }
        )


class DeliveryBody(Body):
    """An event, and how it was sent."""

    id: str = Field(description="The `webhook-id` of every attempt; it holds the run.")
    type: str = Field(description="Such as `job.succeeded`.")
    job_id: Id | None
    batch_id: Id | None
    run: int
    url: str | None
    status: WebhookStatus
    created_at: Moment
    next_attempt_at: Moment | None
    sent: int = Field(description="How often it was sent; the last attempts are listed.")
    attempts: list[AttemptBody]

    @classmethod
    def of(cls, webhook: Webhook) -> "DeliveryBody":
        """Build the body of a delivery."""
        is_job = webhook.event.startswith("job.")
        return cls.model_validate(
            {
                "id": webhook.id,
                "type": webhook.event,
                "job_id": webhook.subject if is_job else None,
                "batch_id": None if is_job else webhook.subject,
                "run": webhook.run,
                "url": webhook.url,
                "status": webhook.status,
                "created_at": moment(webhook.made_ms),
                "next_attempt_at": moment(webhook.due_ms),
                "sent": webhook.sent,
                "attempts": [AttemptBody.of(each) for each in webhook.attempts],
            }
        )


class DeliveryPageBody(Body):
    """Some of the caller's deliveries, newest first, and where the next ones begin."""

    data: list[DeliveryBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: WebhookPage) -> "DeliveryPageBody":
        """Build the body of a page."""
        return cls(data=[DeliveryBody.of(each) for each in page.webhooks], next_cursor=page.cursor)


class WebhookSecretBody(Body):
    """What the caller's webhooks are signed with; after a rotation, both for a while."""

    secret: str
    former_secret: str | None
    former_signs_until: Moment | None

    @classmethod
    def of(cls, secrets: WebhookSecrets) -> "WebhookSecretBody":
        """Build the body of the secrets."""
        return cls.model_validate(
            {
                "secret": secrets.current,
                "former_secret": secrets.former,
                "former_signs_until": moment(secrets.former_until_ms),
            }
        )


class DisabledAddressBody(Body):
    """An address that answered 410: nothing is sent there any more."""

    id: Id
    url: str
    disabled_at: Moment

    @classmethod
    def of(cls, address: DisabledAddress) -> "DisabledAddressBody":
        """Build the body of an address."""
        return cls.model_validate(
            {"id": address.id, "url": address.url, "disabled_at": moment(address.since_ms)}
        )


class DisabledAddressesBody(Body):
    """The caller's addresses that want no more webhooks, newest first."""

    data: list[DisabledAddressBody]


class EnabledAddressBody(Body):
    """An address that webhooks are sent to again."""

    enabled: Id
