"""Long polls: threads that wait for a job to end (`Prefer: wait`) or stream its states.

One thread per process listens for ended jobs and wakes the waiting threads. While its connection is
broken they poll once a second instead. The number of waiting threads is limited: the others must
stay free.
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

# How often a waiting thread polls: without a connection, and with one, which may be dead unnoticed.
DISCONNECTED_POLL_S = 1.0
CONNECTED_POLL_S = 5.0
RECONNECT_S = 1.0
# How late a waiting thread notices that its process is stopping.
STOP_POLL_S = 0.25
# How often a stream polls: only the end of a job is published, not its stages.
WATCH_POLL_S = 1.0


class LongPoll:
    """The threads of this process that wait for jobs to end.

    Args:
        listen: Yields what is published on a channel, and None at least once a second; raises
            StoreUnavailable when the connection breaks.
        max_waiting: Most waiting threads, watching ones included.
        max_watching: Most watching threads.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        listen: Callable[[str], Iterator[str | None]],
        *,
        max_waiting: int,
        max_watching: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listen = listen
        self._clock = clock
        self._slots = threading.BoundedSemaphore(max_waiting)
        self._watching = threading.BoundedSemaphore(max_watching)
        self._lock = threading.Lock()
        self._waiters: dict[str, set[threading.Event]] = {}
        self._is_connected = False
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def wait_until_ended(
        self,
        job_id: str,
        wait_s: float,
        load: Callable[[], Job],
        *,
        is_stopping: Callable[[], bool],
    ) -> Job | None:
        """Wait until a job has ended, the time is over, or the process is stopping.

        Args:
            job_id: The job's id.
            wait_s: Longest wait, seconds.
            load: Returns the present state of the job.
            is_stopping: Whether the process is stopping.

        Returns:
            The last state of the job; None if too many threads wait already.
        """
        if not self._slots.acquire(blocking=False):
            return None
        try:
            with self._registered(job_id) as ended:
                return self._wait(ended, self._clock() + wait_s, load, is_stopping)
        finally:
            self._slots.release()

    def acquire_watch_slot(self) -> bool:
        """Reserve a thread for a stream; false if none is left."""
        if not self._watching.acquire(blocking=False):
            return False
        if not self._slots.acquire(blocking=False):
            self._watching.release()
            return False
        return True

    def release_watch_slot(self) -> None:
        """Release the thread of a stream."""
        self._slots.release()
        self._watching.release()

    def watch(
        self, job_id: str, load: Callable[[], Job], *, is_over: Callable[[], bool]
    ) -> Iterator[Job]:
        """Yield a job every second, and at once when it ends; the last one has ended.

        Args:
            job_id: The job's id.
            load: Returns the present state of the job.
            is_over: Whether the client has left or the process is stopping.
        """

        def must_end() -> bool:
            return self._stopped.is_set() or is_over()

        with self._registered(job_id) as ended:
            while not must_end():
                ended.clear()  # in this order, as in `_wait`
                job = load()
                yield job
                if job.status.is_terminal:
                    return
                next_load_s = self._clock() + WATCH_POLL_S
                while not must_end() and (left_s := next_load_s - self._clock()) > 0:
                    if ended.wait(min(left_s, STOP_POLL_S)):
                        break

    def close(self) -> None:
        """Release all waiting threads and end the listener."""
        self._stopped.set()
        self._wake_all()
        if self._thread is not None:
            self._thread.join()

    def _wait(
        self,
        ended: threading.Event,
        deadline_s: float,
        load: Callable[[], Job],
        is_stopping: Callable[[], bool],
    ) -> Job:
        def must_end() -> bool:
            return self._stopped.is_set() or is_stopping()

        while True:
            # In this order: with a connection, a job that ends after the load sets the event.
            ended.clear()
            pause_s = CONNECTED_POLL_S if self._is_connected else DISCONNECTED_POLL_S
            job = load()
            next_load_s = min(deadline_s, self._clock() + pause_s)
            if job.status.is_terminal or self._clock() >= deadline_s or must_end():
                return job
            while not must_end() and (left_s := next_load_s - self._clock()) > 0:
                if ended.wait(min(left_s, STOP_POLL_S)):
                    break

    @contextmanager
    def _registered(self, job_id: str) -> Iterator[threading.Event]:
        """Yield an event that is set when the job may have ended."""
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
        """Start the listener with the first waiting thread: after the server has forked."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run_listener, name="ended-jobs", daemon=True
            )
            self._thread.start()

    def _run_listener(self) -> None:
        """Listen for as long as the process lives."""
        while not self._stopped.is_set():
            with suppress(StoreUnavailable):  # logged where it was raised
                self._listen_once()
            self._is_connected = False
            self._wake_all()  # messages are lost from here on: they must poll
            self._stopped.wait(RECONNECT_S)

    def _listen_once(self) -> None:
        """Listen until the connection breaks."""
        for job_id in self._listen(ENDED_CHANNEL):
            if self._stopped.is_set():
                return
            if not self._is_connected:
                self._is_connected = True
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
