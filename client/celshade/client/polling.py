"""Polling: asks for something that still changes, a job or a batch, until it has ended."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from celshade.client.errors import WaitTimeout
from celshade.client.retry import Sleep

# How long the server may hold an answer back (the contract allows 60): short where progress is
# displayed, else long enough that waiting costs few requests.
_WATCHED_HOLD_S = 1
_UNWATCHED_HOLD_S = 20
# Pause between two questions when the server neither held its answer nor named a pause.
_POLL_PAUSE_S = 0.5


class Pollable(Protocol):
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


T = TypeVar("T", bound=Pollable)


def poll_until_ended(
    ask: Callable[[int | None], T],
    name: str,
    *,
    on_progress: Callable[[T], object] | None,
    timeout_s: float | None,
    sleep: Sleep,
) -> T:
    """Poll until it has ended, successfully or not.

    Args:
        ask: Asks the server, which may hold its answer back for so many seconds.
        name: What is polled, for the error message, e.g. `job 1a2b`.
        on_progress: Called with each answer, the last one too; what it raises ends the polling.
        timeout_s: Longest time to wait, seconds; None waits as long as it is open.
        sleep: Pauses for some seconds.

    Raises:
        WaitTimeout: It is still open.
    """
    hold_s = _UNWATCHED_HOLD_S if on_progress is None else _WATCHED_HOLD_S
    started_s = time.monotonic()
    while True:
        asked_s = time.monotonic()
        left_s = hold_s if timeout_s is None else timeout_s - (asked_s - started_s)
        latest = ask(max(0, min(hold_s, int(left_s))) or None)
        if on_progress is not None:
            on_progress(latest)
        if latest.is_terminal:
            return latest
        pause_s = poll_pause_s(latest, time.monotonic() - asked_s)
        if timeout_s is not None and time.monotonic() - started_s + pause_s >= timeout_s:
            raise WaitTimeout(name, timeout_s)
        sleep(pause_s)


def poll_pause_s(latest: Pollable, took_s: float) -> float:
    """Choose the pause before the next question, seconds.

    An answer that the server held back has used up its pause in the server.

    Args:
        latest: The last answer, of something that has not ended.
        took_s: How long that answer took, seconds.
    """
    pause_s = _POLL_PAUSE_S if latest.retry_after_s is None else latest.retry_after_s
    return max(0.0, pause_s - took_s) if latest.held else pause_s
