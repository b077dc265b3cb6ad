"""Redis or storage away: a 503 in time, nothing half-done, and all is well when they are back."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from flask import Flask
from pydantic import SecretStr
from werkzeug.test import TestResponse

from api.app import create_app
from common.objects.local import LocalStore
from common.settings import Settings
from deploy.local import redis_server
from tests.integration.api.conftest import context_of
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.support import servers
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo

# Twice what is promised: the machine may be busy.
IN_TIME_S = 6.0


@contextmanager
def serving(settings: Settings) -> Iterator[Flask]:
    """Run an application whose parts may be away."""
    app = create_app(settings)
    try:
        yield app
    finally:
        context_of(app).close()


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield int(listener.getsockname()[1])


def assert_unavailable(answer: TestResponse, code: str, begun_s: float) -> None:
    """Hold an answer to be a 503 that came in time and says when to come back."""
    assert (answer.status_code, body_of(answer)["code"]) == (503, code)
    assert int(answer.headers["Retry-After"]) > 0
    assert time.monotonic() - begun_s < IN_TIME_S


@pytest.mark.parametrize("method", ["refuses", "is silent"])
def test_an_absent_job_store_is_told_in_time(tmp_path: Path, method: str) -> None:
    with silent_port() as port:
        url = f"redis://127.0.0.1:{port if method == 'is silent' else 1}/0"
        settings = Settings(redis_url=SecretStr(url), objects="local", data_dir=tmp_path)
        with serving(settings) as app:
            client = PhotoClient(app)
            for path in ("/v1/jobs", "/v1/jobs/" + "0" * 32, "/v1/styles", "/readyz", "/metrics"):
                begun_s = time.monotonic()
                assert_unavailable(client.get(path), "store_unavailable", begun_s)
            begun_s = time.monotonic()
            assert_unavailable(client.post(), "store_unavailable", begun_s)
            assert client.get("/healthz").status_code == 200
            objects = context_of(app).objects
            assert list(objects.list_names()) == []


def test_a_frozen_job_store_holds_up_nobody_and_comes_back(tmp_path: Path) -> None:
    server = redis_server.prepare(tmp_path / "redis")
    with servers.running_redis(server) as child:
        settings = Settings(
            redis_url=SecretStr(server.url), objects="local", data_dir=tmp_path / "data"
        )
        with serving(settings) as app, ThreadPoolExecutor(6) as pool:
            client = PhotoClient(app)
            worker = HandWorker(context_of(app).store, context_of(app).objects)
            worker.beat()
            job = client.submit()
            child.send_signal(signal.SIGSTOP)
            try:
                begun_s = time.monotonic()
                answers = [pool.submit(client.post, photo(shade=n)) for n in range(6)]
                for answer in answers:
                    assert_unavailable(answer.result(), "store_unavailable", begun_s)
            finally:
                child.send_signal(signal.SIGCONT)
            worker.beat()
            while client.get(f"/v1/jobs/{job['id']}").status_code == 503:
                pass
            assert client.job(job)["status"] == "queued"
            assert client.post().status_code == 202


def test_a_restarted_job_store_has_lost_nothing(tmp_path: Path) -> None:
    server = redis_server.prepare(tmp_path / "redis")
    settings = Settings(
        redis_url=SecretStr(server.url), objects="local", data_dir=tmp_path / "data"
    )
    with serving(settings) as app:
        client, parts = PhotoClient(app), context_of(app)
        worker = HandWorker(parts.store, parts.objects)
        with servers.running_redis(server) as child:
            worker.beat()
            job = client.submit()
            child.kill()
            child.wait()
        assert client.get(f"/v1/jobs/{job['id']}").status_code == 503
        with servers.running_redis(server):
            assert client.job(job)["status"] == "queued"
            worker.beat()
            worker.work_once()
            assert client.job(job)["status"] == "succeeded"


def test_a_job_store_without_memory_takes_nothing_in_and_lets_everything_out(
    tmp_path: Path,
) -> None:
    server = redis_server.prepare(tmp_path / "redis")
    settings = Settings(
        redis_url=SecretStr(server.url), objects="local", data_dir=tmp_path / "data"
    )
    with (
        servers.running_redis(server),
        serving(settings) as app,
        redis.Redis.from_url(server.url) as connection,
    ):
        client, parts = PhotoClient(app), context_of(app)
        worker = HandWorker(parts.store, parts.objects)
        worker.beat()
        job = client.submit()
        connection.config_set("maxmemory", "1mb")
        begun_s = time.monotonic()
        assert_unavailable(client.post(photo(shade=1)), "queue_full", begun_s)
        worker.work_once()
        assert client.job(job)["status"] == "succeeded"
        connection.config_set("maxmemory", "100mb")
        assert client.post(photo(shade=1)).status_code == 202


def test_an_absent_directory_leaves_only_a_doomed_name(
    client: PhotoClient, worker: HandWorker, objects: LocalStore, api_settings: Settings
) -> None:
    root = api_settings.data_dir / "objects"
    away = root.rename(root.with_name("away"))
    begun_s = time.monotonic()
    assert_unavailable(client.post(), "storage_unavailable", begun_s)
    assert body_of(client.get("/v1/jobs"))["data"] == []
    away.rename(root)
    assert list(objects.list_names()) == []
    assert worker.store.overviews.overview().doomed == 1
    assert client.post().status_code == 202


@pytest.mark.parametrize("method", ["refuses", "is silent"])
def test_an_absent_s3_is_told_in_time(
    api_settings: Settings, worker: HandWorker, method: str
) -> None:
    with silent_port() as port:
        changed = {
            "objects": "s3",
            "s3_endpoint_url": f"http://127.0.0.1:{port if method == 'is silent' else 1}",
            "s3_access_key_id": "id",
            "s3_secret_access_key": "secret",
        }
        settings = Settings.model_validate({**api_settings.model_dump(), **changed})
        with serving(settings) as app:
            client = PhotoClient(app)
            begun_s = time.monotonic()
            assert_unavailable(client.post(), "storage_unavailable", begun_s)
            begun_s = time.monotonic()
            assert_unavailable(client.get("/readyz"), "storage_unavailable", begun_s)
            assert body_of(client.get("/v1/jobs"))["data"] == []


@pytest.mark.parametrize("method", ["refuses", "is silent"])
def test_a_hint_that_cannot_be_sent_changes_nothing(
    api_settings: Settings, worker: HandWorker, method: str
) -> None:
    with silent_port() as port:
        broker = f"redis://127.0.0.1:{port if method == 'is silent' else 1}/0"
        settings = Settings.model_validate({**api_settings.model_dump(), "broker_url": broker})
        with serving(settings) as app:
            client = PhotoClient(app)
            begun_s = time.monotonic()
            job = client.submit()
            assert time.monotonic() - begun_s < IN_TIME_S
            worker.work_once()
            assert client.job(job)["status"] == "succeeded"


def test_a_hundred_at_once_are_one_render(client: PhotoClient, worker: HandWorker) -> None:
    together = threading.Barrier(8)

    def submit(number: int) -> str:
        if number < together.parties:
            together.wait()
        return str(client.submit()["id"])

    with ThreadPoolExecutor(together.parties) as pool:
        ids = list(pool.map(submit, range(100)))
    worker.work_once()
    assert worker.line_is_empty()
    assert len(set(ids)) == 100
    states = worker.store.overviews.overview().states
    assert states["succeeded"] == 100
