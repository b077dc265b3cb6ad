"""The fixtures that tests of every tier may ask for: real servers, started once per test run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from common.errors import ConfigurationError
from common.objects.factory import open_local_store, open_s3_store
from common.objects.local import LocalStore
from common.objects.s3 import S3Store
from common.settings import Settings
from deploy.local import redis_server, s3_server
from tests.support import servers
from tests.support.scheduler import TogetherScheduling


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> TogetherScheduling | None:
    """With `--dist loadfile`, keep files together that share a running service as well."""
    return TogetherScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what is marked `gpu` where there is none: no build needs one (docs/not-run.md)."""
    if item.get_closest_marker("gpu") is None:
        return
    import torch  # noqa: PLC0415 - only tests of the worker, which import it anyway, carry the mark

    if not torch.cuda.is_available():
        pytest.skip("no NVIDIA GPU here; docs/not-run.md says what only one can show")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real server with the embedded stack's own configuration.

    `CELSHADE_TEST_REDIS_URL` names another one; tests then own its database and empty it.
    """
    given = os.environ.get("CELSHADE_TEST_REDIS_URL")
    if given:
        yield given
        return
    try:
        server = redis_server.prepare(tmp_path_factory.mktemp("redis"))
    except ConfigurationError as error:
        servers.absent(str(error))
    with servers.running_redis(server):
        yield server.url


@pytest.fixture
def clean_redis_url(redis_url: str) -> str:
    """URL of a server that holds no key when the test begins."""
    with redis.Redis.from_url(redis_url) as connection:
        connection.flushdb()
    return redis_url


@pytest.fixture(scope="session")
def s3_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings that keep pictures on a real S3 server: the embedded one.

    `CELSHADE_TEST_S3_ENDPOINT_URL` and its kin name another one (`servers.given_s3_settings`).
    """
    given = servers.given_s3_settings()
    if given:
        yield given
        return
    try:
        server = s3_server.prepare(tmp_path_factory.mktemp("s3"), bucket="celshade-test")
    except ConfigurationError as error:
        servers.absent(str(error))
    with servers.running_s3(server):
        yield servers.s3_settings_of(server)


@pytest.fixture(scope="session")
def shared_s3_store(s3_settings: Settings) -> S3Store:
    """The one client of the test run: making one takes longer than most tests."""
    store = open_s3_store(s3_settings, timeout_s=servers.S3_TIMEOUT_S, attempts=3)
    store.ensure_bucket()
    return store


@pytest.fixture
def s3_store(shared_s3_store: S3Store) -> S3Store:
    """A real S3 store that holds no object when the test begins."""
    shared_s3_store.delete(list(shared_s3_store.list_names()))
    return shared_s3_store


@pytest.fixture
def local_settings(tmp_path: Path) -> Settings:
    """Settings that keep pictures in a fresh directory."""
    return Settings(objects="local", data_dir=tmp_path / "data")


@pytest.fixture
def local_store(local_settings: Settings) -> LocalStore:
    """A local store in a fresh directory."""
    return open_local_store(local_settings)
