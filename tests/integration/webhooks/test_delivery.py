"""Webhooks over real connections: what a receiver is sent, and what its answers bring about."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from standardwebhooks import WebhookVerificationError

from common.errors import DecodeFailed
from keeper.webhook_message import MAX_BODY_BYTES
from tests.integration.api.photo_client import body_of
from tests.integration.api.test_batches import send as send_batch
from tests.integration.api.test_batches import shades
from tests.integration.api.test_service import metrics_of
from tests.integration.webhooks.conftest import Service
from tests.support.photos import photo
from tests.support.receiver import Receiver


def done(service: Service, receiver: Receiver, shade: int = 1, **fields: str) -> dict[str, Any]:
    """A job with a webhook that has succeeded."""
    job = service.client.submit(photo(shade=shade), webhook_url=receiver.url, **fields)
    service.worker.work_once()
    return job


def steady(job: Any) -> Any:
    """A job without what is signed anew each time."""
    output = {k: v for k, v in job["output"].items() if k not in ("url", "url_expires_at")}
    return {**job, "output": output}


def test_a_receiver_verifies_what_it_is_sent_and_finds_the_job(
    service: Service, receiver: Receiver
) -> None:
    job = done(service, receiver, metadata=json.dumps({"où": "à la mer", "n": "\u2028" * 50}))
    assert service.send() == 1
    heard = receiver.next()
    said = heard.verified(service.secret())
    assert said["type"] == "job.succeeded"
    assert steady(said["data"]) == steady(service.client.job(job))
    assert service.client.get(said["data"]["output"]["url"].removeprefix("http://localhost"))
    assert said["timestamp"] == said["data"]["completed_at"]
    assert heard.headers["webhook-id"] == f"job_{job['id']}_1"
    assert heard.headers["content-type"] == "application/json"
    assert service.send() == 0


def test_what_is_changed_on_the_way_is_not_verified(service: Service, receiver: Receiver) -> None:
    done(service, receiver)
    service.send()
    heard = receiver.next()
    with pytest.raises(WebhookVerificationError):
        heard.verified("whsec_" + "A" * 44)
    for name, value in (
        ("webhook-id", "job_0_1"),
        ("webhook-timestamp", str(int(heard.headers["webhook-timestamp"]) - 1)),
    ):
        with pytest.raises(WebhookVerificationError):
            type(heard)(heard.path, {**heard.headers, name: value}, heard.body).verified(
                service.secret()
            )
    with pytest.raises(WebhookVerificationError):
        type(heard)(heard.path, heard.headers, heard.body + b" ").verified(service.secret())


@pytest.mark.parametrize("ending", ["failed", "canceled"])
def test_other_endings_are_told_as_well(service: Service, receiver: Receiver, ending: str) -> None:
    job = service.client.submit(webhook_url=receiver.url)
    if ending == "failed":
        service.worker.fail(service.worker.claim(), DecodeFailed())
    else:
        service.client.act(job, "cancel")
    service.send()
    said = receiver.next().verified(service.secret())
    assert (said["type"], said["data"]["status"]) == (f"job.{ending}", ending)


def test_a_hit_is_told_too(service: Service, receiver: Receiver) -> None:
    done(service, receiver)
    service.client.submit(photo(shade=1), webhook_url=receiver.url)
    assert service.send() == 2
    caches = {receiver.next().verified(service.secret())["data"]["cache"]["status"] for _ in "ab"}
    assert caches == {"miss", "hit"}


def test_a_failed_attempt_is_repeated_under_the_same_id(
    service: Service, receiver: Receiver
) -> None:
    receiver.statuses = (500, 503, 200)
    done(service, receiver)
    service.send()
    (delivery,) = service.deliveries()
    assert (delivery["status"], delivery["sent"]) == ("waiting", 1)
    created = datetime.fromisoformat(delivery["created_at"])
    due = datetime.fromisoformat(delivery["next_attempt_at"])
    assert timedelta(seconds=5) <= due - created
    for _ in range(2):
        service.post(f"/v1/webhooks/deliveries/{delivery['id']}/redeliver")
        service.send()
    heard = [receiver.next() for _ in range(3)]
    assert {each.headers["webhook-id"] for each in heard} == {delivery["id"]}
    assert all(each.verified(service.secret()) for each in heard)
    (delivery,) = service.deliveries()
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 503, 200]
    assert (delivery["status"], delivery["next_attempt_at"]) == ("delivered", None)


def test_redirects_are_not_followed(service: Service, receiver: Receiver) -> None:
    receiver.statuses, receiver.headers = (302,), {"Location": receiver.url + "/elsewhere"}
    done(service, receiver)
    service.send()
    assert receiver.next().path == "/hook"
    assert receiver.nothing()
    assert service.deliveries()[0]["attempts"][0]["status"] == 302


def test_gone_disables_and_enabling_sends_again(service: Service, receiver: Receiver) -> None:
    receiver.statuses = (410, 200)
    done(service, receiver)
    service.send()
    (address,) = service.get("/v1/webhooks/disabled")["data"]
    assert address["url"] == receiver.url
    second = done(service, receiver, shade=2)
    service.send()
    assert receiver.count == 1
    statuses = {each["job_id"]: each["status"] for each in service.deliveries()}
    assert set(statuses.values()) == {"disabled"}
    path = f"/v1/webhooks/deliveries/job_{second['id']}_1/redeliver"
    assert service.post(path)[0] == 409
    assert service.post(f"/v1/webhooks/disabled/{address['id']}/enable")[0] == 200
    assert service.post(f"/v1/webhooks/disabled/{address['id']}/enable")[0] == 404
    assert service.post(path)[0] == 202
    service.send()
    assert service.deliveries()[0]["status"] == "delivered"


def test_after_a_rotation_both_verifiers_accept(service: Service, receiver: Receiver) -> None:
    old = service.secret()
    status, rotated = service.post("/v1/webhooks/secret/rotate")
    assert (status, rotated["former_secret"]) == (200, old)
    left = datetime.fromisoformat(rotated["former_signs_until"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    done(service, receiver)
    service.send()
    heard = receiver.next()
    assert len(heard.headers["webhook-signature"].split()) == 2
    for secret in (old, rotated["secret"]):
        assert heard.verified(secret)["type"] == "job.succeeded"
    service.post("/v1/webhooks/secret/rotate")
    done(service, receiver, shade=2)
    service.send()
    with pytest.raises(WebhookVerificationError):
        receiver.next().verified(old)


def test_a_batch_tells_its_end_in_short(service: Service, receiver: Receiver) -> None:
    answer = send_batch(service.client, shades(1, 2, 1), webhook_url=receiver.url)
    batch = body_of(answer)
    service.worker.work_once()
    assert service.send() == 0
    service.worker.work_once()
    assert service.send() == 1
    said = receiver.next().verified(service.secret())
    seen = service.get(f"/v1/batches/{batch['id']}")
    del seen["items"], seen["urls"]["archive"], seen["urls"]["archive_expires_at"]
    del said["data"]["urls"]["archive"], said["data"]["urls"]["archive_expires_at"]
    assert (said["type"], said["data"]) == ("batch.completed", seen)
    assert service.deliveries()[0]["batch_id"] == batch["id"]


def test_a_body_is_never_long(service: Service, receiver: Receiver) -> None:
    metadata = {str(number): "\x01" * 8 for number in range(16)}
    job = service.client.submit(webhook_url=receiver.url, metadata=json.dumps(metadata))
    service.worker.work_once()
    with redis.Redis.from_url(service.settings.redis_url.get_secret_value()) as connection:
        execution = {"device": "x" * 30_000}
        connection.hset(f"celshade:job:{job['id']}", "execution", json.dumps(execution))
    service.send()
    heard = receiver.next()
    said = heard.verified(service.secret())
    assert len(heard.body) <= MAX_BODY_BYTES
    assert (said["data"]["execution"], said["data"]["metadata"]) == (None, metadata)


def test_a_slow_receiver_has_no_more_than_its_callers_share(
    service: Service, receiver: Receiver
) -> None:
    receiver.held.clear()
    slow = [done(service, receiver, shade=number) for number in range(3)]
    begun_s = time.monotonic()
    sent = service.dispatch.send_due()
    assert sent == 2, "a caller's share of 16 threads"
    assert service.dispatch.send_due() == 0
    assert time.monotonic() - begun_s < 10
    receiver.held.set()
    assert service.dispatch.wait_for_senders(60)
    service.send()
    assert len(slow) == len(service.deliveries())
    assert {each["status"] for each in service.deliveries()} == {"delivered"}


def test_another_callers_deliveries_are_not_there(service: Service, receiver: Receiver) -> None:
    done(service, receiver)
    service.send()
    (delivery,) = service.deliveries()
    assert service.get(f"/v1/webhooks/deliveries/{delivery['id']}") == delivery
    for path in ("job_" + "0" * 32 + "_1", "x", "job_%0a_1"):
        assert service.client.get(f"/v1/webhooks/deliveries/{path}").status_code == 404
        assert service.post(f"/v1/webhooks/deliveries/{path}/redeliver")[0] == 404


def test_a_dispatch_sends_as_things_fall_due(
    service: Service, receiver: Receiver, stopping: threading.Event
) -> None:
    thread = threading.Thread(target=service.dispatch.run, args=(stopping,))
    thread.start()
    done(service, receiver)
    assert receiver.next().verified(service.secret())
    stopping.set()
    thread.join()
    assert service.dispatch.wait_for_senders(60)


def test_metrics_tell_what_was_sent_and_what_waits(service: Service, receiver: Receiver) -> None:
    receiver.statuses = (200, 500)
    done(service, receiver, shade=1)
    service.send()
    done(service, receiver, shade=2)
    service.send()
    done(service, receiver, shade=3)
    metrics = metrics_of(service.client)
    assert metrics["celshade_webhooks_total", ("delivered",)] == 1
    assert metrics["celshade_webhooks_total", ("failed",)] == 0
    assert metrics["celshade_webhook_attempts_total", ("delivered",)] == 1
    assert metrics["celshade_webhook_attempts_total", ("refused",)] == 1
    assert metrics["celshade_webhooks_waiting", ()] == 2
    assert metrics["celshade_webhooks_due", ()] == 1
