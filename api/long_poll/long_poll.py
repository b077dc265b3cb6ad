"""Waiting: holds answers back until their job ends (`Prefer: wait`), or streams what becomes of it.

One thread per process listens for ended jobs and wakes who waits; while its connection is broken
they look once a second instead. At most so many threads may wait: the rest must stay free.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from common.errors import StoreUnavailable
from common.jobs import Job
from common.jobstore.redis_keys import ENDED_CHANNEL

_log = logging.getLogger(__name__)

# How often a waiter looks by itself: while nothing is heard, and (a connection may be dead without
# anybody knowing) while all seems well.
DEAF_LOOK_S = 1.0
HEARING_LOOK_S = 5.0
RECONNECT_S = 1.0
# How late a waiter notices that its process is stopping.
STOP_LOOK_S = 0.25
# How often a stream looks: the steps of a job are told by nobody, its end is.
WATCH_LOOK_S = 1.0


class LongPoll:
    """The threads of this process that wait for jobs to end.

    Args:
        listen: Yields what is published on a channel, and None at least once a second; raises
            StoreUnavailable when the connection breaks.
        most: Most threads that may wait, those that watch included.
        most_watching: Most threads that may watch.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        listen: Callable[[str], Iterator[str | None]],
        *,
        most: int,
        most_watching: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listen = listen
        self._clock = clock
        self._slots = threading.BoundedSemaphore(most)
        self._watching = threading.BoundedSemaphore(most_watching)
        self._lock = threading.Lock()
        self._waiters: dict[str, set[threading.Event]] = {}
        self._hears = False
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def until_ended(
        self,
        job_id: str,
        wait_s: float,
        look: Callable[[], Job],
        *,
        is_stopping: Callable[[], bool],
    ) -> Job | None:
        """Look at a job until it has ended, the time is over, or the process is stopping.

        Args:
            job_id: The job's id.
            wait_s: Longest wait, seconds.
            look: Returns the job as it is now.
            is_stopping: Whether the process wants to end.

        Returns:
            The job as last seen; None when too many wait already.
        """
        if not self._slots.acquire(blocking=False):
            return None
        try:
            with self._registered(job_id) as ended:
                return self._wait(ended, self._clock() + wait_s, look, is_stopping)
        finally:
            self._slots.release()

    def begin_watching(self) -> bool:
        """Take a place among those who watch; false when there is none."""
        if not self._watching.acquire(blocking=False):
            return False
        if not self._slots.acquire(blocking=False):
            self._watching.release()
            return False
        return True

    def end_watching(self) -> None:
        """Give back a place that was taken."""
        self._slots.release()
        self._watching.release()

    def watch(
        self, job_id: str, look: Callable[[], Job], *, is_over: Callable[[], bool]
    ) -> Iterator[Job]:
        """Look at a job every second, and at once when it ends; the last look sees its end.

        Args:
            job_id: The job's id.
            look: Returns the job as it is now.
            is_over: Whether nobody watches any more, or the process wants to end.
        """

        def let_go() -> bool:
            return self._stopped.is_set() or is_over()

        with self._registered(job_id) as ended:
            while not let_go():
                ended.clear()  # in this order, as in `_wait`
                job = look()
                yield job
                if job.status.is_terminal:
                    return
                next_look_s = self._clock() + WATCH_LOOK_S
                while not let_go() and (left_s := next_look_s - self._clock()) > 0:
                    if ended.wait(min(left_s, STOP_LOOK_S)):
                        break

    def close(self) -> None:
        """Let everybody go and end the thread."""
        self._stopped.set()
        self._wake_all()
        if self._thread is not None:
            self._thread.join()

    def _wait(
        self,
        ended: threading.Event,
        until_s: float,
        look: Callable[[], Job],
        is_stopping: Callable[[], bool],
    ) -> Job:
        def let_go() -> bool:
            return self._stopped.is_set() or is_stopping()

        while True:
            # In this order: what ends after the look, while we hear, sets the event.
            ended.clear()
            pause_s = HEARING_LOOK_S if self._hears else DEAF_LOOK_S
            job = look()
            next_look_s = min(until_s, self._clock() + pause_s)
            if job.status.is_terminal or self._clock() >= until_s or let_go():
                return job
            while not let_go() and (left_s := next_look_s - self._clock()) > 0:
                if ended.wait(min(left_s, STOP_LOOK_S)):
                    break

    @contextmanager
    def _registered(self, job_id: str) -> Iterator[threading.Event]:
        """An event for the block's time that is set when the job may have ended."""
        ended = threading.Event()
        with self._lock:
            self._start()
            self._waiters.setdefault(job_id, set()).add(ended)
        try:
            yield ended
        finally:
            with self._lock:
                self._waiters[job_id].discard(ended)
                if not self._waiters[job_id]:
                    del self._waiters[job_id]

    def _start(self) -> None:
        """Start the thread with the first waiter: after the server has forked."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._hear, name="ended-jobs", daemon=True)
            self._thread.start()

    def _hear(self) -> None:
        """Listen for as long as the process lives."""
        while not self._stopped.is_set():
            with suppress(StoreUnavailable):  # it is logged where it was met
                self._hear_once()
            self._hears = False
            self._wake_all()  # what is said from here on is lost to them: they must look
            self._stopped.wait(RECONNECT_S)

    def _hear_once(self) -> None:
        """Listen until the connection breaks."""
        for job_id in self._listen(ENDED_CHANNEL):
            if self._stopped.is_set():
                return
            if not self._hears:
                self._hears = True
                _log.debug("listening for ended jobs")
            if job_id is not None:
                self._wake(job_id)

    def _wake(self, job_id: str) -> None:
        with self._lock:
            for ended in self._waiters.get(job_id, ()):
                ended.set()

    def _wake_all(self) -> None:
        with self._lock:
            for events in self._waiters.values():
                for ended in events:
                    ended.set()
