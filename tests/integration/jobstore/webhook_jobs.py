"""Jobs with webhooks, and what is told of them, for tests of the job store."""

from typing import Any

from common.jobstore import JobStore
from common.jobstore.outbox import DueWebhook, Sending
from common.jobstore.submissions import Submission
from common.jobstore.webhooks import Webhook, WebhookTarget
from tests.integration.jobstore.builders import policy, submission, submit

HOOK = WebhookTarget("https://example.com/hook", "https://api.example")
POLICY = policy()


def send(store: JobStore, image: str = "photo", **more: Any) -> Submission:
    """Submit a job with a webhook."""
    sent = submission(image, **({"webhook": HOOK} | more))
    submit(store, sent)
    return sent


def ended(store: JobStore, image: str = "photo", **more: Any) -> Submission:
    """A job with a webhook that has ended."""
    sent = send(store, image, **more)
    store.jobs.cancel(sent.job_id, sent.caller.name)
    return sent


def claim_one(store: JobStore) -> DueWebhook:
    (due,) = store.outbox.claim(most=5)
    return due


def record(store: JobStore, due: DueWebhook, outcome: Sending = Sending.DELIVERED) -> str:
    return store.outbox.record(due, outcome, answer="200", took_ms=7)


def drain(store: JobStore) -> list[DueWebhook]:
    """Deliver all that is due."""
    sent: list[DueWebhook] = []
    while claimed := store.outbox.claim(most=5):
        assert [record(store, due) for due in claimed] == ["delivered"] * len(claimed)
        sent += claimed
    return sent


def log(store: JobStore, caller: str = "ann") -> tuple[Webhook, ...]:
    return store.webhooks.page(caller, cursor=None, limit=100).webhooks
