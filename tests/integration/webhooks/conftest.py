"""A service in this process whose keeper may call this machine, and a receiver there."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.app import create_app
from common.jobstore import JobStore
from common.objects.factory import open_local_store
from common.objects.local import LocalStore
from common.settings import Settings
from keeper.webhook_dispatcher import WebhookDispatcher
from keeper.webhook_sender import WebhookSender
from tests.integration.api.conftest import context_of
from tests.integration.api.photo_client import Json, PhotoClient
from tests.support import servers
from tests.support.audit import audit
from tests.support.hand_worker import HandWorker
from tests.support.receiver import Receiver, receiving

THREADS = 16
DISPATCHED_S = 60.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers 200."""
    with receiving() as receiver:
        yield receiver


@dataclass
class Service:
    """A service whose keeper sends when the test says so."""

    settings: Settings
    store: JobStore
    objects: LocalStore
    client: PhotoClient
    worker: HandWorker
    dispatch: WebhookDispatcher

    def send(self) -> int:
        """Send what is due and wait until it is recorded; answers how many."""
        sent = self.dispatch.send_due()
        assert self.dispatch.wait_for_senders(DISPATCHED_S)
        return sent

    def secret(self) -> str:
        """What the caller's webhooks are signed with."""
        return str(self.get("/v1/webhooks/secret")["secret"])

    def deliveries(self) -> list[Json]:
        """The caller's log, newest first."""
        return list(self.get("/v1/webhooks/deliveries")["data"])

    def get(self, path: str) -> Json:
        """Ask for an object that is there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        body: Json = answer.get_json()
        return body

    def post(self, path: str) -> tuple[int, Json]:
        """Post without a body; status and answer."""
        answer = self.client.call("POST", path)
        return answer.status_code, answer.get_json()


@pytest.fixture
def settings(clean_redis_url: str, tmp_path: Path, receiver: Receiver) -> Settings:
    """Settings of a service that may call the receiver."""
    return Settings(
        redis_url=SecretStr(clean_redis_url),
        objects="local",
        data_dir=tmp_path / "data",
        webhook_threads=THREADS,
        outbound_networks=("127.0.0.1/32",),
        outbound_ports=(receiver.port,),
    )


@pytest.fixture
def service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The service; what it leaves is audited."""
    monkeypatch.setattr("api.app.STORE_TIMEOUT_S", servers.STORE_TIMEOUT_S)
    store = JobStore.from_settings(settings, timeout_s=servers.STORE_TIMEOUT_S)
    objects = open_local_store(settings)
    app = create_app(settings)
    worker = HandWorker(store, objects)
    worker.beat()
    sender = WebhookSender.from_settings(settings, store, objects)
    dispatch = WebhookDispatcher(store.outbox, sender, threads=THREADS)
    yield Service(settings, store, objects, PhotoClient(app), worker, dispatch)
    audit(settings.redis_url.get_secret_value(), objects)
    context_of(app).close()
    store.redis.close()


@pytest.fixture
def stopping() -> Iterator[threading.Event]:
    """Set when the test ends."""
    event = threading.Event()
    yield event
    event.set()
