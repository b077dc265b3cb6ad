"""Hostile addresses at the service's own doors: nobody here is called, and nobody can tell why."""

import io
from collections.abc import Iterator
from typing import Any

import pytest

from api.app import create_app
from common.settings import Settings
from keeper.webhook_dispatcher import WebhookDispatcher
from keeper.webhook_sender import WebhookSender
from tests.integration.api.conftest import context_of
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.integration.webhooks.conftest import THREADS, Service
from tests.support.hostile_urls import LEADING_BACK, MALFORMED
from tests.support.listeners import Listeners, listening
from tests.support.photos import photo


@pytest.fixture
def listeners() -> Iterator[Listeners]:
    """Who must not be called."""
    with listening() as listeners:
        yield listeners


@pytest.fixture
def settings(settings: Settings, listeners: Listeners) -> Settings:
    """Settings that allow the listeners' port and nobody's address, and fetch photos."""
    changed = {"outbound_networks": (), "outbound_ports": (listeners.port,), "image_url": True}
    return Settings.model_validate({**settings.model_dump(), **changed})


def test_webhooks_that_lead_back_are_accepted_and_never_sent(
    service: Service, listeners: Listeners
) -> None:
    for place, url in enumerate(LEADING_BACK):
        job = service.client.submit(
            photo(shade=place % 11), webhook_url=url.format(port=listeners.port)
        )
        service.client.act(job, "cancel")
    sent = 0
    while more := service.send():
        sent += more
    log = service.get("/v1/webhooks/deliveries?limit=100")["data"]
    assert sent == len(log) == len(LEADING_BACK)
    assert not listeners.were_called
    told = {(one["status"], one["error"]) for each in log for one in each["attempts"]}
    assert told == {(None, "no_answer")}


@pytest.mark.parametrize("kind", ["jobs", "batches"])
def test_webhooks_of_odd_forms_are_refused_at_once(
    service: Service, listeners: Listeners, kind: str
) -> None:
    for url in MALFORMED:
        data: Any = {"webhook_url": url.format(port=listeners.port)}
        files = {"image": (io.BytesIO(photo()), "a.jpg")}
        answer = service.client.call("POST", f"/v1/{kind}", data={**data, **files})
        assert answer.status_code == 422, url
        assert body_of(answer)["errors"][0]["field"] == "webhook_url"
    assert service.get("/v1/jobs")["data"] == []


def test_photos_at_such_addresses_are_all_refused_alike(
    service: Service, listeners: Listeners
) -> None:
    told = set()
    for url in LEADING_BACK:
        answer = service.client.call(
            "POST", "/v1/jobs", json={"image_url": url.format(port=listeners.port)}
        )
        told.add((answer.status_code, body_of(answer)["code"], body_of(answer)["detail"]))
    assert len(told) == 1, "open, closed and refused are one answer"
    for url in MALFORMED:
        answer = service.client.call(
            "POST", "/v1/jobs", json={"image_url": url.format(port=listeners.port)}
        )
        assert answer.status_code == 422, url
    assert not listeners.were_called
    assert service.get("/v1/jobs")["data"] == []


def test_a_port_that_is_not_allowed_is_refused_in_form(
    service: Service, listeners: Listeners
) -> None:
    url = f"http://example.com:{listeners.port + 1}/"
    answer = service.client.post(webhook_url=url)
    assert answer.status_code == 422
    assert str(listeners.port) in body_of(answer)["detail"]


def test_an_operator_who_takes_a_network_back_is_obeyed(
    service: Service, listeners: Listeners
) -> None:
    """A webhook that was accepted under other settings is checked by those of its sending."""
    job = service.client.submit(webhook_url=f"http://127.0.0.1:{listeners.port}/")
    service.client.act(job, "cancel")
    narrow = service.settings.model_copy(update={"outbound_ports": ()})
    sender = WebhookSender.from_settings(narrow, service.store, service.objects)
    dispatch = WebhookDispatcher(service.store.outbox, sender, threads=THREADS)
    assert dispatch.send_due() == 1
    assert dispatch.wait_for_senders(60)
    assert service.deliveries()[0]["attempts"][0]["error"] == "no_answer"
    assert not listeners.were_called


def test_photos_are_not_fetched_unless_the_operator_says_so(
    service: Service, listeners: Listeners
) -> None:
    app = create_app(service.settings.model_copy(update={"image_url": False}))
    client = PhotoClient(app)
    answer = client.call("POST", "/v1/jobs", json={"image_url": "http://example.com/a.jpg"})
    assert (answer.status_code, body_of(answer)["code"]) == (422, "invalid_param")
    assert "not fetched here" in body_of(answer)["detail"]
    assert body_of(client.get("/v1/limits"))["image_url"] is False
    assert service.get("/v1/limits")["image_url"] is True
    context_of(app).close()
