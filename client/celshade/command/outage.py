"""Outages of the server: how long requests are suspended, and what is reported of it."""

import threading
import time
from collections.abc import Callable

from celshade.client.errors import CelshadeError
from celshade.command.messages import error_text
from celshade.command.screen import Screen

# In addition to the pauses of the client itself, which has retried for half a minute by then.
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0
# A share that is used up until midnight is tried once an hour: it may have been raised.
LONGEST_ASKED_S = 3600.0


class ServerOutage:
    """The outage of one server; may be shared by threads.

    Args:
        screen: Shows when the outage begins and ends.
        clock: Monotonic seconds.
    """

    def __init__(self, screen: Screen, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = screen
        self._clock = clock
        self._lock = threading.Lock()
        self._pause_s = 0.0
        self._not_before_s = float("-inf")

    @property
    def may_request(self) -> bool:
        """Whether the server may be asked for something now."""
        return self._clock() >= self._not_before_s

    def extend(self, error: CelshadeError) -> None:
        """Suspend requests for a while, for longer each time."""
        with self._lock:
            if not self.may_request:
                return  # another thread has met the same
            if not self._pause_s:
                self._screen.note(f"{error_text(error)} Trying again until it passes.")
            self._pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, self._pause_s * 2))
            asked_s = min(error.retry_after_s or 0.0, LONGEST_ASKED_S)
            self._not_before_s = self._clock() + max(self._pause_s, asked_s)

    def end(self) -> None:
        """End the outage: the server has answered."""
        with self._lock:
            if self._pause_s:
                self._screen.note("It goes on.")
            self._pause_s = 0.0
