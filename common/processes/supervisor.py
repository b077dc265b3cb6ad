"""Keeps a list of programs running until it is told to stop, then stops them in good order.

Programs start in the order of the list, each one after those that it needs first. They stop in the
reverse order, one kind after the other. A program that dies is started again, for ever. Only before
all have run once does the supervisor give up when one keeps dying. It does not know what the
programs are.
"""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from common.processes.supervised_process import (
    Death,
    Program,
    State,
    Status,
    SupervisedProcess,
)

POLL_EVERY_S = 0.05
START_ATTEMPTS = 3
REMIND_EVERY_S = 20.0


class StartFailed(Exception):
    """Raised when a program keeps dying before all have run once.

    Attributes:
        name: The program's name.
    """

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


class Watcher(Protocol):
    """Gets the events of a supervisor, in the thread that runs it; must not raise."""

    def changed(self, statuses: Sequence[Status]) -> None:
        """The status of a process has changed."""

    def died(self, death: Death) -> None:
        """A process ended without being asked to."""

    def still_starting(self, statuses: Sequence[Status]) -> None:
        """A long time has passed and these do not run yet."""


class Supervisor:
    """Runs programs; `run` is called once, other threads may set its events.

    Attributes:
        hurry: Set it to cut the stopping short: what still runs is killed.
    """

    def __init__(self, programs: Sequence[Program], watcher: Watcher) -> None:
        self.hurry = threading.Event()
        self._processes = [SupervisedProcess(program) for program in programs]
        self._watcher = watcher
        self._seen: list[Status] = []
        self._was_ready = False
        self._remind_s = 0.0

    def awaited(self) -> list[str]:
        """Name the programs that do not run yet, or not again; for any thread."""
        return [status.name for status in self._seen if status.state is not State.RUNNING]

    def run(self, stop: threading.Event, *, on_ready: Callable[[], None]) -> None:
        """Keep everything running until the event is set; leave nothing behind.

        Args:
            stop: Ends the run.
            on_ready: Called once, when all run for the first time.

        Raises:
            StartFailed: A program cannot be brought to run.
        """
        try:
            self._remind_s = time.monotonic() + REMIND_EVERY_S
            while not stop.is_set():
                self._step(on_ready)
                stop.wait(POLL_EVERY_S)
        finally:
            self._stop_all()

    def _step(self, on_ready: Callable[[], None]) -> None:
        """Look after every process once."""
        now_s = time.monotonic()
        for process in self._processes:
            death = process.step(now_s)
            if death is not None:
                self._note_death(death)
        self._start_next(now_s)
        self._show()
        if self._was_ready:
            return
        if all(process.state is State.RUNNING for process in self._processes):
            self._was_ready = True
            on_ready()
        elif now_s >= self._remind_s:
            self._remind_s = now_s + REMIND_EVERY_S
            missing = [status for status in self._seen if status.state is not State.RUNNING]
            self._watcher.still_starting(missing)

    def _start_next(self, now_s: float) -> None:
        """Start for the first time what needs to wait for no other program."""
        for process in self._processes:
            if process.state is State.NEW:
                process.start(now_s)
            if process.program.is_needed_first and process.state is not State.RUNNING:
                return

    def _note_death(self, death: Death) -> None:
        """Report a death; give up when the program keeps dying before all have run once."""
        if not self._was_ready and death.deaths >= START_ATTEMPTS:
            raise StartFailed(
                f"{death.name} {death.how}, {death.deaths} times in a row, and never served.",
                death.name,
            )
        self._watcher.died(death)

    def _stop_all(self) -> None:
        """Stop all processes, the last kind first."""
        newest_first = list(reversed(self._processes))
        for _, group in itertools.groupby(newest_first, key=lambda process: process.program.kind):
            self._stop(list(group))

    def _stop(self, processes: Sequence[SupervisedProcess]) -> None:
        """Stop processes of one kind together; kill those that take too long."""
        begun_s = time.monotonic()
        for process in processes:
            process.ask_to_stop()
        open_ones = list(processes)
        while open_ones:
            self._show()
            waited_s = time.monotonic() - begun_s
            for process in open_ones:
                if self.hurry.is_set() or waited_s > process.program.grace_s:
                    process.kill()
            open_ones = [process for process in open_ones if not process.has_stopped()]
            if open_ones:
                self.hurry.wait(POLL_EVERY_S)
        self._show()

    def _show(self) -> None:
        """Report the statuses when any has changed."""
        statuses = [process.status() for process in self._processes]
        if statuses != self._seen:
            self._seen = statuses
            self._watcher.changed(statuses)
