"""The application in this process, over a real job store and a real directory of pictures."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from pydantic import SecretStr

from api.app import create_app
from api.context.context import NAME, Context
from common.jobstore import JobStore
from common.objects.local import LocalStore
from common.settings import Settings
from tests.integration.api.photo_client import PhotoClient
from tests.support import servers
from tests.support.audit import audit
from tests.support.hand_worker import HandWorker

MakeApp = Callable[..., Flask]


def context_of(app: Flask) -> Context:
    """What an application serves with."""
    context: Context = app.extensions[NAME]
    return context


@pytest.fixture
def api_settings(clean_redis_url: str, tmp_path: Path) -> Settings:
    """Settings of an API over a clean job store and a fresh directory."""
    return Settings(
        redis_url=SecretStr(clean_redis_url), objects="local", data_dir=tmp_path / "data"
    )


@pytest.fixture
def make_app(api_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeApp]:
    """Builds applications with other settings; they are closed and audited afterwards."""
    monkeypatch.setattr("api.app.STORE_TIMEOUT_S", servers.STORE_TIMEOUT_S)
    made: list[Flask] = []

    def make(**changed: object) -> Flask:
        settings = Settings.model_validate({**api_settings.model_dump(), **changed})
        made.append(create_app(settings))
        return made[-1]

    yield make
    for app in made:
        context = context_of(app)
        audit(context.settings.redis_url.get_secret_value(), context.objects)
        context.close()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """An application without keys, for callers on loopback."""
    return make_app()


@pytest.fixture
def client(app: Flask) -> PhotoClient:
    """A caller on loopback."""
    return PhotoClient(app)


@pytest.fixture
def job_store(api_settings: Settings) -> Iterator[JobStore]:
    """The job store, as a worker sees it."""
    store = JobStore.from_settings(api_settings, timeout_s=servers.STORE_TIMEOUT_S)
    yield store
    store.redis.close()


@pytest.fixture
def objects(app: Flask) -> LocalStore:
    """Where the application keeps its pictures."""
    found = context_of(app).objects
    assert isinstance(found, LocalStore)
    return found


@pytest.fixture
def worker(job_store: JobStore, objects: LocalStore) -> HandWorker:
    """A ready worker that works when the test says so."""
    worker = HandWorker(job_store, objects)
    worker.beat()
    return worker
