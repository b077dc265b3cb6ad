"""Measures the load of an engine: the share of the time its device works, and its batches. Pure.

It counts what is reported to it and has no clock of its own.
"""

import threading
from collections import deque
from dataclasses import dataclass

WINDOW_S = 15.0  # ten heartbeats: long enough to be steady, short enough to follow changes


@dataclass(frozen=True, slots=True)
class Load:
    """What the device did lately.

    Attributes:
        busy_share: Share of the time in which at least one forward ran, 0 to 1.
        batch_size: Mean photos of a forward; 0 when none has ended.
    """

    busy_share: float
    batch_size: float


@dataclass(frozen=True, slots=True)
class _Mark:
    at_s: float
    busy_s: float
    forwards: int
    photos: int


class LoadMeter:
    """Measures the forwards of one engine. Safe to use from several threads.

    Args:
        now_s: The moment it begins; like all its moments in monotonic seconds.
    """

    def __init__(self, now_s: float) -> None:
        self._lock = threading.Lock()
        self._lanes_busy = 0
        self._busy_since_s = now_s
        self._busy_s = 0.0
        self._forwards = 0
        self._photos = 0
        self._marks = deque([_Mark(now_s, 0.0, 0, 0)])

    def begin(self, now_s: float) -> None:
        """A forward begins."""
        with self._lock:
            if not self._lanes_busy:
                self._busy_since_s = now_s
            self._lanes_busy += 1

    def end(self, now_s: float, photos: int) -> None:
        """A forward of so many photos has ended, well or not."""
        with self._lock:
            self._lanes_busy -= 1
            if not self._lanes_busy:
                self._busy_s += now_s - self._busy_since_s
            self._forwards += 1
            self._photos += photos

    def read(self, now_s: float) -> Load:
        """Return the load since the last reading that is at least `WINDOW_S` old, or the first."""
        with self._lock:
            running_s = now_s - self._busy_since_s if self._lanes_busy else 0.0
            now = _Mark(now_s, self._busy_s + running_s, self._forwards, self._photos)
            while len(self._marks) > 1 and now_s - self._marks[1].at_s >= WINDOW_S:
                self._marks.popleft()
            then = self._marks[0]
            self._marks.append(now)
        passed_s, forwards = now.at_s - then.at_s, now.forwards - then.forwards
        return Load(
            busy_share=min(1.0, (now.busy_s - then.busy_s) / passed_s) if passed_s > 0 else 0.0,
            batch_size=(now.photos - then.photos) / forwards if forwards else 0.0,
        )
