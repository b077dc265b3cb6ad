"""Stopping: how Ctrl-C reaches the threads of a run, which hear nothing of it themselves."""

import threading

from celshade.retrying import Sleep

# How long Ctrl-C waits for open jobs to be canceled; who presses it again does not wait.
STOP_TIMEOUT_S = 5.0


class Stopped(Exception):
    """Raised inside a photo's thread once the run is being stopped."""


def pause_unless(stop: threading.Event) -> Sleep:
    """Make the client's pauses end, by `Stopped`, as soon as an event is set."""

    def pause(pause_s: float) -> None:
        if stop.wait(pause_s):
            raise Stopped

    return pause
