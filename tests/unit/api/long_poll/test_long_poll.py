"""Long polls: wake-ups, the fallback without a connection, and the limit of waiting threads."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from api.long_poll.long_poll import LongPoll
from common.errors import StoreUnavailable
from common.jobs import Job
from tests.unit.api.sample_jobs import ENDED, OPEN

LONG_S = 60.0
DEADLINE_S = 30.0


class Channel:
    """What is said on a channel: a job's id, nothing for a while (None), or that it broke."""

    def __init__(self) -> None:
        self.said: SimpleQueue[str | type[StoreUnavailable] | None] = SimpleQueue()

    def listen(self, _: str) -> Iterator[str | None]:
        """Yield what is said."""
        while True:
            word = self.said.get()
            if isinstance(word, type):
                raise word
            yield word


class Watched:
    """A job, and how often somebody looked at it."""

    def __init__(self) -> None:
        self.now = OPEN
        self.looks = 0
        self.looked = threading.Event()

    def look(self) -> Job:
        """Look at it."""
        self.looks += 1
        self.looked.set()
        return self.now


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
def waiting(channel: Channel) -> Iterator[LongPoll]:
    """One waiter at most, and a thread that listens."""
    waiting = LongPoll(channel.listen, max_waiting=1)
    yield waiting
    closing = threading.Thread(target=waiting.close)
    closing.start()
    channel.said.put(None)  # the listener sees that it is over
    closing.join(DEADLINE_S)
    assert not closing.is_alive()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def never() -> bool:
    return False


def test_the_end_of_a_job_wakes_who_waits(
    channel: Channel, waiting: LongPoll, pool: ThreadPoolExecutor
) -> None:
    watched = Watched()
    channel.said.put(None)
    seen = pool.submit(waiting.wait_until_ended, OPEN.id, LONG_S, watched.look, is_stopping=never)
    assert watched.looked.wait(DEADLINE_S)
    watched.now = ENDED
    channel.said.put("b" * 32)  # somebody else's
    channel.said.put(OPEN.id)
    assert seen.result(DEADLINE_S) is ENDED


@pytest.mark.parametrize("break_it", [True, False], ids=["broken", "never there"])
def test_who_hears_nothing_looks_for_himself(
    channel: Channel, waiting: LongPoll, pool: ThreadPoolExecutor, break_it: bool
) -> None:
    watched = Watched()
    if break_it:
        channel.said.put(None)
        channel.said.put(StoreUnavailable)
    seen = pool.submit(waiting.wait_until_ended, OPEN.id, LONG_S, watched.look, is_stopping=never)
    assert watched.looked.wait(DEADLINE_S)
    watched.now = ENDED
    assert seen.result(DEADLINE_S) is ENDED


def test_the_rest_of_the_threads_stays_free(
    channel: Channel, waiting: LongPoll, pool: ThreadPoolExecutor
) -> None:
    watched = Watched()
    first = pool.submit(waiting.wait_until_ended, OPEN.id, LONG_S, watched.look, is_stopping=never)
    assert watched.looked.wait(DEADLINE_S)
    assert waiting.wait_until_ended("c" * 32, LONG_S, watched.look, is_stopping=never) is None
    watched.now = ENDED
    assert first.result(DEADLINE_S) is ENDED
    assert waiting.wait_until_ended(OPEN.id, LONG_S, watched.look, is_stopping=never) is ENDED


def test_an_error_gives_the_place_back(waiting: LongPoll) -> None:
    def fail() -> Job:
        raise StoreUnavailable

    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            waiting.wait_until_ended(OPEN.id, LONG_S, fail, is_stopping=never)


def test_the_time_may_be_over_first(waiting: LongPoll) -> None:
    watched = Watched()
    seen = waiting.wait_until_ended(OPEN.id, 0.05, watched.look, is_stopping=never)
    assert seen is OPEN
    assert watched.looks == 2  # at the beginning and at the end


@pytest.mark.parametrize("how", ["process", "close"])
def test_a_stop_lets_everybody_go(
    channel: Channel, waiting: LongPoll, pool: ThreadPoolExecutor, how: str
) -> None:
    watched, stopping = Watched(), threading.Event()
    is_stopping: Callable[[], bool] = stopping.is_set
    seen = pool.submit(
        waiting.wait_until_ended, OPEN.id, LONG_S, watched.look, is_stopping=is_stopping
    )
    assert watched.looked.wait(DEADLINE_S)
    if how == "process":
        stopping.set()
    else:
        channel.said.put(None)
        waiting.close()
    assert seen.result(DEADLINE_S) is OPEN
