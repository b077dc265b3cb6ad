"""Stores for the tests of the job store: one by Redis' own clock, one by the test's."""

from collections.abc import Iterator

import pytest

from common.jobstore import JobStore
from tests.integration.jobstore import builders
from tests.integration.jobstore.builders import ClockedStore
from tests.integration.jobstore.recount import recount


@pytest.fixture
def clocked(clean_redis_url: str) -> Iterator[ClockedStore]:
    """An empty store whose time the test moves; recounted when the test has passed."""
    clocked = ClockedStore(clean_redis_url)
    yield clocked
    recount(clocked.redis)
    clocked.close()


@pytest.fixture
def store(clocked: ClockedStore) -> JobStore:
    """The same store, for tests that leave time alone."""
    return clocked.store


@pytest.fixture
def timed_store(clean_redis_url: str) -> Iterator[JobStore]:
    """An empty store that takes the time from Redis."""
    store = JobStore(clean_redis_url, builders.policy(), timeout_s=30)
    yield store
    store.redis.close()
