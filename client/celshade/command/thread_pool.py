"""A crew: threads that take things from one line, each the next one as soon as it is free."""

import math
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class ThreadPool(Generic[T]):
    """So many threads that do one kind of work; they end with the process at the latest.

    Args:
        work: Does it for one thing; what it raises ends its thread.
        size: How many threads.
    """

    def __init__(self, work: Callable[[T], object], size: int) -> None:
        self._work = work
        self._line: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._working = size
        for _ in range(size):
            threading.Thread(target=self._serve, daemon=True).start()

    def put(self, thing: T) -> None:
        """Append something to the line."""
        self._line.put((thing,))

    def finish(self, timeout_s: float = math.inf) -> None:
        """Say that no more comes, and wait until all is done or the time is over.

        Not by `Thread.join`: interrupted by Ctrl-C, Python 3.11's may take a running thread for an
        ended one. The steps are short because some systems hear Ctrl-C only between two of them.
        """
        for _ in range(self._working):
            self._line.put(None)
        due_s = time.monotonic() + timeout_s
        while self._working and time.monotonic() < due_s:
            with suppress(queue.Empty):
                self._ended.get(timeout=0.1)
                self._working -= 1

    def _serve(self) -> None:
        try:
            while (taken := self._line.get()) is not None:
                self._work(*taken)
        finally:
            self._ended.put(None)
