"""A thread pool: threads that take items from one queue until it is finished."""

import math
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class ThreadPool(Generic[T]):
    """A number of threads that do one kind of work; they end with the process at the latest.

    Args:
        work: Processes one item; what it raises ends its thread.
        size: How many threads.
    """

    def __init__(self, work: Callable[[T], object], size: int) -> None:
        self._work = work
        self._queue: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._working = size
        for _ in range(size):
            threading.Thread(target=self._run_worker, daemon=True).start()

    def put(self, thing: T) -> None:
        """Add an item to the queue."""
        self._queue.put((thing,))

    def finish(self, timeout_s: float = math.inf) -> None:
        """Say that no more comes, and wait until all is done or the time is over.

        Not by `Thread.join`: interrupted by Ctrl-C, Python 3.11's may take a running thread for an
        ended one. The steps are short because some systems hear Ctrl-C only between two of them.
        """
        for _ in range(self._working):
            self._queue.put(None)
        due_s = time.monotonic() + timeout_s
        while self._working and time.monotonic() < due_s:
            with suppress(queue.Empty):
                self._ended.get(timeout=0.1)
                self._working -= 1

    def _run_worker(self) -> None:
        try:
            while (taken := self._queue.get()) is not None:
                self._work(*taken)
        finally:
            self._ended.put(None)
