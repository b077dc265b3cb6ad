"""Interrupts: how Ctrl-C is passed on to the threads of a run, which do not receive it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from celshade.client.retry import Sleep

# How long Ctrl-C waits for open jobs to be canceled; a second one does not wait.
STOP_TIMEOUT_S = 5.0


class Stopped(Exception):
    """Raised inside a photo's thread once the run is being stopped."""


def interruptible_sleep(stop: threading.Event) -> Sleep:
    """Make the client's pauses end, by `Stopped`, as soon as an event is set."""

    def pause(pause_s: float) -> None:
        if stop.wait(pause_s):
            raise Stopped

    return pause


@contextmanager
def first_ctrl_c_sets(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C set an event, so that what must not be interrupted ends in order.

    The second one interrupts as usual. Where Ctrl-C is ignored, it stays so.
    """
    former = signal.getsignal(signal.SIGINT)
    if former is not signal.default_int_handler:
        yield
        return

    def heard(_: int, __: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
