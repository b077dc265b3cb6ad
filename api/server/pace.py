"""How long a client may keep a thread waiting, and how many clients may do so at once.

Pure: time and bytes are told to it, so it needs no clock and no socket. Only time spent waiting
for the client counts: a body that lies in the kernel's buffer is not slow because we were.
"""

from collections import deque
from threading import BoundedSemaphore
from typing import Protocol

from api.server.limits import IntakeLimits
from common.errors import RequestTimeout, ServiceBusy

# The window is looked at in this many slices: a stall is noticed one slice late at most.
SLICES = 15
BUSY_RETRY_AFTER_S = 2


class Patience(Protocol):
    """What a connection asks before it waits for its client, and tells after it has."""

    @property
    def next_wait_s(self) -> float:
        """Longest time to wait before asking again, seconds."""

    def waited(self, waited_s: float, received_bytes: int) -> None:
        """Take note of a wait and of bytes; raises when the patience is over."""

    def finish(self) -> None:
        """The client is no longer waited for."""


class WaitingSlots:
    """How many threads of this process may wait for slow clients; shared by all its threads.

    Args:
        count: Number of slots, at least 1.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = BoundedSemaphore(count)

    def take(self) -> None:
        """Take one slot, at once or not at all.

        Raises:
            ServiceBusy: If all are taken.
        """
        if not self._free.acquire(blocking=False):
            raise ServiceBusy(retry_after_s=BUSY_RETRY_AFTER_S)

    def give_back(self) -> None:
        """Give back a slot that was taken."""
        self._free.release()


class Pace:
    """The patience one request body is read with.

    Args:
        limits: Least rate, window, total and patience.
        slots: The process's waiting slots.
    """

    def __init__(self, limits: IntakeLimits, slots: WaitingSlots) -> None:
        self._slots = slots
        self._holds_slot = False
        self._patience_s = limits.patience_s
        self._total_s = limits.total_s
        self._slice_s = limits.window_s / SLICES
        self._least_bytes = limits.min_rate_bytes_s * limits.window_s
        self._waited_s = 0.0
        self._slice = 0
        self._slice_bytes = 0
        self._full_slices: deque[int] = deque(maxlen=SLICES)

    @property
    def next_wait_s(self) -> float:
        """Longest time to wait before asking again, seconds."""
        if self._holds_slot or self._waited_s >= self._patience_s:
            return self._slice_s
        return min(self._slice_s, self._patience_s - self._waited_s)

    def waited(self, waited_s: float, received_bytes: int) -> None:
        """Take note of a wait for the client and of what came.

        Args:
            waited_s: Time spent waiting, seconds; 0 for bytes that were there already.
            received_bytes: Bytes that came at its end; 0 if it ended for another reason.

        Raises:
            RequestTimeout: If the body comes too slowly.
            ServiceBusy: If waiting on needs a slot and none is free.
        """
        self._slice_bytes += received_bytes
        if not waited_s:
            return
        self._waited_s += waited_s
        self._close_slices()
        window_is_full = len(self._full_slices) == SLICES
        if self._waited_s >= self._total_s or (
            window_is_full and sum(self._full_slices) < self._least_bytes
        ):
            raise RequestTimeout
        if self._waited_s >= self._patience_s and not self._holds_slot:
            self._slots.take()
            self._holds_slot = True

    def finish(self) -> None:
        """Give back the waiting slot, if one is held."""
        if self._holds_slot:
            self._holds_slot = False
            self._slots.give_back()

    def _close_slices(self) -> None:
        """Move on to the slice that the waited time has reached."""
        reached = int(self._waited_s / self._slice_s)
        for _ in range(min(reached - self._slice, SLICES)):
            self._full_slices.append(self._slice_bytes)
            self._slice_bytes = 0
        self._slice = reached
