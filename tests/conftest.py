"""The fixtures that tests of every tier may ask for: real servers, started once per test run."""

import os
from collections.abc import Iterator

import pytest
import redis

from common.errors import ConfigurationError
from deploy.local import redis_server
from tests import services


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
        services.absent(str(error))
    with services.running_redis(server):
        yield server.url


@pytest.fixture
def clean_redis_url(redis_url: str) -> str:
    """URL of a server that holds no key when the test begins."""
    with redis.Redis.from_url(redis_url) as connection:
        connection.flushdb()
    return redis_url
