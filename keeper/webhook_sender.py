"""The webhook sender: sends one webhook, once, and records the outcome."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from pydantic import BaseModel

from common.errors import BadTarget, CelshadeError, NoAnswer, ServiceError
from common.jobstore import JobStore
from common.jobstore.outbox import DueWebhook, Sending
from common.objects.base import ObjectStore
from common.outbound.http_client import OutboundClient
from common.schemas.batch import BatchSummaryBody
from common.schemas.job import JobBody
from common.schemas.links import Links
from common.settings import Settings
from keeper import webhook_message

_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class WebhookSender:
    """Sends webhooks. Safe to use from several threads.

    Attributes:
        store: The job store.
        objects: Where pictures lie; it signs their links.
        outbound: Calls addresses that callers gave.
        timeout_s: How long a receiver may take, seconds.
        url_ttl_s: Life of a signed link, seconds.
        clock: The present moment in UTC.
    """

    store: JobStore
    objects: ObjectStore
    outbound: OutboundClient
    timeout_s: float
    url_ttl_s: int
    clock: Callable[[], datetime] = _now

    @classmethod
    def from_settings(
        cls, settings: Settings, store: JobStore, objects: ObjectStore
    ) -> "WebhookSender":
        """Take times and limits from the settings."""
        return cls(
            store=store,
            objects=objects,
            outbound=OutboundClient.from_settings(settings),
            timeout_s=settings.webhook_timeout_s,
            url_ttl_s=settings.url_ttl_s,
        )

    def deliver(self, due: DueWebhook) -> None:
        """Send a webhook and record the outcome.

        What cannot be recorded is sent again when its lease has ended.
        """
        began_s = time.monotonic()
        try:
            outcome, answer = self._try(due)
            took_ms = round((time.monotonic() - began_s) * 1000)
            status = self.store.outbox.record(due, outcome, answer=answer, took_ms=took_ms)
        except CelshadeError as error:
            _log.warning("webhook is sent again later: %s", error, extra={"webhook": due.id})
            return
        _log.info(
            "webhook",
            extra={"webhook": due.id, "answer": answer, "took_ms": took_ms, "status": status},
        )

    def _try(self, due: DueWebhook) -> tuple[Sending, str]:
        """Send it; one that cannot be written counts as an attempt, or it would never end."""
        try:
            return self._send(due)
        except ServiceError:
            raise
        except Exception:
            _log.exception("webhook could not be written", extra={"webhook": due.id})
            return Sending.NO_ANSWER, Sending.NO_ANSWER

    def _send(self, due: DueWebhook) -> tuple[Sending, str]:
        """Send it; returns the outcome and what the log says."""
        body = webhook_message.compose(due.event, due.made_ms, self._subject(due))
        headers = webhook_message.headers(due.id, body, secrets=due.secrets, at=self.clock())
        try:
            status = self.outbound.post(
                self.outbound.read(due.url), body, headers=headers, timeout_s=self.timeout_s
            )
        except BadTarget as error:  # it was valid once: the operator allows fewer ports now
            _log.info("webhook: %s", error, extra={"webhook": due.id})
            return Sending.NO_ANSWER, Sending.NO_ANSWER
        except NoAnswer as error:
            # Its caller cannot tell the reason: open, closed and refused look the same.
            _log.info("webhook: %s", error.why, extra={"webhook": due.id})
            return Sending.NO_ANSWER, Sending.NO_ANSWER
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return Sending.DELIVERED, str(status)
        return Sending.GONE if status == HTTPStatus.GONE else Sending.REFUSED, str(status)

    def _subject(self, due: DueWebhook) -> BaseModel:
        """What the event is about, as its caller sees it."""
        links = Links(self.objects, base_url=due.base_url, url_ttl_s=self.url_ttl_s)
        if due.job is not None:
            return JobBody.of(due.job, links)
        return BatchSummaryBody.of(self.store.batches.view(due.subject, due.caller), links)
