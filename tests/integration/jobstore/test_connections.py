"""Connections to Redis: one for each thread that asks, however many there are, and none is left."""

import multiprocessing
import threading
from collections.abc import Callable

import pytest
import redis

from common.jobstore import JobStore
from tests.integration.jobstore.builders import submission, submit

MANY = 130  # over the hundred at which redis-py's pool refuses, unless it is told
NOBODY = "0" * 32


def connections_of(url: str) -> int:
    """How many connections a server has, that of this question not counted."""
    with redis.Redis.from_url(url) as connection:
        return len(connection.client_list()) - 1


def at_once(count: int, act: Callable[[], object]) -> list[BaseException]:
    """Let so many threads live at the same time and act; return what went wrong."""
    together, faults = threading.Barrier(count), list[BaseException]()

    def run() -> None:
        try:
            together.wait(60)
            act()
            together.wait(60)  # nobody goes before everybody has asked
        except BaseException as error:
            faults.append(error)
            together.abort()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


def test_more_threads_than_a_pool_would_serve(timed_store: JobStore, clean_redis_url: str) -> None:
    def ask() -> None:
        assert not timed_store.jobs.is_still(NOBODY, "mark")

    assert at_once(MANY, ask) == []
    with redis.Redis.from_url(clean_redis_url) as connection:
        connection.script_flush()
    assert at_once(MANY, ask) == []


def test_a_thread_that_ends_hands_its_connection_on(
    timed_store: JobStore, clean_redis_url: str
) -> None:
    timed_store.jobs.is_still(NOBODY, "mark")
    before = connections_of(clean_redis_url)
    for _ in range(20):
        assert at_once(1, lambda: timed_store.jobs.is_still(NOBODY, "mark")) == []
    assert connections_of(clean_redis_url) <= before + 1


def test_a_closed_store_has_no_connection(timed_store: JobStore, clean_redis_url: str) -> None:
    before = connections_of(clean_redis_url)
    timed_store.jobs.is_still(NOBODY, "mark")
    assert connections_of(clean_redis_url) == before + 1
    timed_store.redis.close()
    assert connections_of(clean_redis_url) == before


def _look(store: JobStore, job_id: str, times: int) -> None:
    for _ in range(times):
        assert store.jobs.view(job_id, "ann").id == job_id


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # it is what is looked at
def test_a_forked_child_has_a_connection_of_its_own(timed_store: JobStore) -> None:
    first, second = submission(caller="ann"), submission(caller="ann")
    for each in (first, second):
        submit(timed_store, each)
    _look(timed_store, first.job_id, 1)
    child = multiprocessing.get_context("fork").Process(
        target=_look, args=(timed_store, second.job_id, 200)
    )
    child.start()
    _look(timed_store, first.job_id, 200)  # neither reads what the other was told
    child.join(60)
    assert child.exitcode == 0
