"""Webhooks, for those who receive them: verifies the signature and reads the event.

    from celshade import webhooks

    event = webhooks.verify(request.body, request.headers, "whsec_...")
    if event.type == "job.succeeded":
        ...

After Standard Webhooks, with its own library. Reads what it is given, does no I/O.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from celshade.client.batches import Batch, read_batch
from celshade.client.errors import CelshadeError
from celshade.client.jobs import Job, read_job
from celshade.client.json_fields import Fields


class NotFromServer(CelshadeError):
    """Raised when a request is no webhook that the server has signed, or an old one; answer 400."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a webhook says.

    Attributes:
        id: The same at every delivery attempt, so that receivers can ignore repeated ones.
        type: Such as `job.succeeded` or `batch.completed`; there may be new ones.
        timestamp: When it happened.
        job: The job, in events of jobs.
        batch: The batch, in events of batches; without its items.
        raw: The whole object as it came.
    """

    id: str
    type: str
    timestamp: datetime | None
    job: Job | None
    batch: Batch | None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


def verify(payload: bytes, headers: Mapping[str, str], secret: str) -> Event:
    """Check a webhook's signature and age (5 minutes at most), and read it.

    Args:
        payload: The body as it came, not parsed and written again.
        headers: The request's headers; case does not matter.
        secret: What `GET /v1/webhooks/secret` tells, `whsec_...`.

    Raises:
        NotFromServer: It is not signed with this secret, or too old, or no webhook at all.
        BadAnswer: The server signed what this client does not understand.
    """
    found = {name.lower(): value for name, value in headers.items()}
    try:
        Webhook(secret).verify(payload, found, json_parse=False)
        content = json.loads(payload)
    except (WebhookVerificationError, ValueError) as error:  # ValueError: not even of the form
        raise NotFromServer("This is no webhook that was signed with this secret.") from error
    event = Fields(content, "webhook")
    kind, data = event.text("type"), event.mapping("data")
    return Event(
        id=found["webhook-id"],
        type=kind,
        timestamp=event.time("timestamp"),
        job=read_job(data) if kind.startswith("job.") else None,
        batch=read_batch(data) if kind.startswith("batch.") else None,
        raw=event.values,
    )
