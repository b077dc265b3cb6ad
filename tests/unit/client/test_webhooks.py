"""Webhooks that came: verified against what the stock library signs, and read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from celshade import BadAnswer, Client, WebhookSecret
from celshade.client import webhooks

SECRET = "whsec_" + "QmFzZTY0IG9mIGEgc2VjcmV0IGZvciB0ZXN0cyBvbmx5"
JOB = {"id": "j1", "status": "succeeded", "style": "ink"}


def signed(
    told: Any, secret: str = SECRET, at: datetime | None = None
) -> tuple[bytes, dict[str, str]]:
    """Write a webhook as a server does."""
    payload = told if isinstance(told, bytes) else json.dumps(told).encode()
    moment = at or datetime.now(UTC)
    headers = {
        "Webhook-Id": "job_1_1",
        "Webhook-Timestamp": str(int(moment.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("job_1_1", moment, payload.decode()),
    }
    return payload, headers


def event(kind: str, data: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": "2026-01-02T03:04:05.678Z", "data": data}


def test_a_job_is_read() -> None:
    found = webhooks.verify(*signed(event("job.succeeded", JOB)), SECRET)
    assert (found.id, found.type, found.batch) == ("job_1_1", "job.succeeded", None)
    assert found.job is not None
    assert (found.job.id, found.job.succeeded, found.job.style) == ("j1", True, "ink")
    assert found.timestamp == datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def test_a_batch_is_read_without_items() -> None:
    batch = {"id": "b1", "status": "succeeded_with_errors", "counts": {"total": 3}}
    found = webhooks.verify(*signed(event("batch.completed", batch)), SECRET)
    assert found.job is None
    assert found.batch is not None
    assert (found.batch.id, found.batch.counts["total"], found.batch.items) == ("b1", 3, ())


def test_an_event_of_tomorrow_is_no_fault() -> None:
    found = webhooks.verify(*signed(event("style.added", {"x": 1})), SECRET)
    assert (found.job, found.batch, found.raw["data"]) == (None, None, {"x": 1})


def test_one_of_several_signatures_is_enough() -> None:
    payload, headers = signed(event("job.failed", JOB))
    _, former = signed(payload, secret="whsec_" + "Zm9ybWVyIHNlY3JldCBvZiB0aGUgdGVzdHM=")
    both = f"{former['Webhook-Signature']} {headers['Webhook-Signature']}"
    assert webhooks.verify(payload, {**headers, "Webhook-Signature": both}, SECRET).job


@pytest.mark.parametrize(
    "spoiled",
    [
        {"Webhook-Signature": "v1,AAAA"},
        {"Webhook-Signature": "v2,AAAA"},
        {"Webhook-Signature": "no comma"},
        {"Webhook-Signature": "v1,a,b"},
        {"Webhook-Signature": "v1,=%"},
        {"Webhook-Signature": ""},
        {"Webhook-Timestamp": "soon"},
        {"Webhook-Timestamp": "1e400"},
        {"Webhook-Timestamp": "1"},
        {"Webhook-Id": "job_2_1"},
    ],
)
def test_what_was_not_signed_so_is_refused(spoiled: dict[str, str]) -> None:
    payload, headers = signed(event("job.succeeded", JOB))
    with pytest.raises(webhooks.NotFromServer):
        webhooks.verify(payload, {**headers, **spoiled}, SECRET)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_webhook_is_refused(minutes: int) -> None:
    late = datetime.now(UTC) + timedelta(minutes=minutes)
    with pytest.raises(webhooks.NotFromServer):
        webhooks.verify(*signed(event("job.succeeded", JOB), at=late), SECRET)


def test_a_changed_body_and_another_secret_are_refused() -> None:
    payload, headers = signed(event("job.succeeded", JOB))
    with pytest.raises(webhooks.NotFromServer):
        webhooks.verify(payload.replace(b"succeeded", b"Succeeded"), headers, SECRET)
    with pytest.raises(webhooks.NotFromServer):
        webhooks.verify(payload, headers, "whsec_" + "b3RoZXI=")
    with pytest.raises(webhooks.NotFromServer):
        webhooks.verify(b"\xff\xfe", headers, SECRET)
    with pytest.raises(webhooks.NotFromServer):
        webhooks.verify(payload, {}, SECRET)


@pytest.mark.parametrize("told", [[], {}, {"type": "job.failed", "data": {}}, {"type": 5}])
def test_what_the_server_signs_and_the_client_does_not_understand_is_reported(told: Any) -> None:
    with pytest.raises(BadAnswer):
        webhooks.verify(*signed(told), SECRET)


DELIVERY: dict[str, Any] = {
    "id": "job_1_1",
    "type": "job.failed",
    "job_id": "1",
    "batch_id": None,
    "run": 1,
    "url": "https://me.example/hook",
    "status": "pending",
    "created_at": "2026-01-02T03:04:05.678Z",
    "next_attempt_at": None,
    "sent": 2,
    "attempts": [],
}


def test_deliveries_are_asked_for_as_the_contract_has_them() -> None:
    seen: list[str] = []
    responses: list[dict[str, Any]] = [
        {"secret": SECRET, "former_secret": None, "former_signs_until": None},
        {"secret": SECRET, "former_secret": "whsec_x", "former_signs_until": "2026-01-03T00:00Z"},
        {"data": [DELIVERY], "next_cursor": "c"},
        {"data": [{**DELIVERY, "id": "job_2_1"}], "next_cursor": None},
        DELIVERY,
        {**DELIVERY, "sent": 3},
    ]

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url.raw_path.decode()}")
        return httpx.Response(200, json=responses[len(seen) - 1])

    deliveries = Client("http://here", backend=httpx.MockTransport(handler)).deliveries
    assert deliveries.secret().secret == SECRET
    assert deliveries.rotate_secret().former == "whsec_x"
    assert SECRET not in repr(WebhookSecret(SECRET, None, None))
    assert [each.id for each in deliveries] == ["job_1_1", "job_2_1"]
    assert deliveries.get("job_1_1").sent == 2
    assert deliveries.redeliver("job_1_1").sent == 3
    assert seen == [
        "GET /v1/webhooks/secret",
        "POST /v1/webhooks/secret/rotate",
        "GET /v1/webhooks/deliveries?limit=100",
        "GET /v1/webhooks/deliveries?limit=100&cursor=c",
        "GET /v1/webhooks/deliveries/job_1_1",
        "POST /v1/webhooks/deliveries/job_1_1/redeliver",
    ]
