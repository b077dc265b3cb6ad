"""Following: asks for something that still changes, a job or a batch, until it has ended."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from celshade.client.errors import WaitTimeout
from celshade.client.retry import Sleep

# How long the server may hold an answer back (the contract allows 60): short where somebody watches
# the stages go by, else long enough that waiting costs few requests.
_WATCHED_HOLD_S = 1
_UNWATCHED_HOLD_S = 20
# Pause between two questions when the server neither held its answer nor named a pause.
_POLL_PAUSE_S = 0.5


class Open(Protocol):
    """What the server shows of something that may still change."""

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended."""

    @property
    def retry_after_s(self) -> float | None:
        """Seconds the server wants before it is asked again; None when it names none."""

    @property
    def held(self) -> bool:
        """Whether the server held this answer back, as `Prefer: wait` had asked."""


T = TypeVar("T", bound=Open)


def follow(
    ask: Callable[[int | None], T],
    name: str,
    *,
    on_progress: Callable[[T], object] | None,
    timeout_s: float | None,
    sleep: Sleep,
) -> T:
    """Ask until it has ended, well or badly.

    Args:
        ask: Asks the server, which may hold its answer back for so many seconds.
        name: What is followed, for the complaint, e.g. `job 1a2b`.
        on_progress: Called with each answer, the last one too; what it raises ends the following.
        timeout_s: Longest time to wait, seconds; None waits as long as it is open.
        sleep: Pauses for some seconds.

    Raises:
        WaitTimeout: It is still open.
    """
    hold_s = _UNWATCHED_HOLD_S if on_progress is None else _WATCHED_HOLD_S
    begun_s = time.monotonic()
    while True:
        asked_s = time.monotonic()
        left_s = hold_s if timeout_s is None else timeout_s - (asked_s - begun_s)
        seen = ask(max(0, min(hold_s, int(left_s))) or None)
        if on_progress is not None:
            on_progress(seen)
        if seen.is_terminal:
            return seen
        pause_s = poll_pause_s(seen, time.monotonic() - asked_s)
        if timeout_s is not None and time.monotonic() - begun_s + pause_s >= timeout_s:
            raise WaitTimeout(name, timeout_s)
        sleep(pause_s)


def poll_pause_s(seen: Open, took_s: float) -> float:
    """Choose the pause before the next question, seconds.

    An answer that the server held back has used up its pause in the server.

    Args:
        seen: The last answer, of something open.
        took_s: How long that answer took, seconds.
    """
    pause_s = _POLL_PAUSE_S if seen.retry_after_s is None else seen.retry_after_s
    return max(0.0, pause_s - took_s) if seen.held else pause_s
