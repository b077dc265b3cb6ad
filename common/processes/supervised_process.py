"""One program that is kept running: started, watched, started again, stopped.

The supervisor decides what waits for what, and in which order programs stop. Nothing here blocks
longer than one readiness probe.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from common.processes import child_processes
from common.processes.pid_file import write_pid_file


@dataclass(frozen=True)
class RestartPauses:
    """How long a program that ended waits until it is started again: longer each time.

    Attributes:
        first_s: The first pause, seconds; short, so that a single death costs next to nothing.
        longest_s: The longest one; a program that cannot run is tried that often, for ever.
        stable_s: A program that ran this long starts over with the first pause.
    """

    first_s: float = 0.25
    longest_s: float = 15.0
    stable_s: float = 10.0

    def next_s(self, pause_s: float, *, ran_s: float) -> float:
        """Return the next pause, by the last one (0 when there was none) and how long it ran."""
        last_s = 0.0 if ran_s >= self.stable_s else pause_s
        return min(max(2 * last_s, self.first_s), self.longest_s)


class State(StrEnum):
    """What a process is doing; the words are what the terminal shows."""

    NEW = "not started"
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting to start again"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Program:
    """What is to be kept running.

    Attributes:
        name: Name in the terminal and of the log.
        kind: Programs of one kind stop together.
        command: Program and arguments.
        log: File that gets its output; this process's own output when None.
        env: Its whole environment; this process's own when None.
        pid_file: Where its pid is written; None for programs that do it themselves.
        is_ready: Asks it once whether it serves; None when running is all there is to know.
        probe_every_s: Pause between two such questions, seconds.
        address: Where it listens, for people; empty when nowhere.
        is_needed_first: Whether the programs after it start only once it serves.
        grace_s: Time between SIGTERM and SIGKILL, seconds.
        pauses: Between its end and its next start.
    """

    name: str
    kind: str
    command: Sequence[str]
    log: Path | None = None
    env: Mapping[str, str] | None = field(default=None, repr=False)
    pid_file: Path | None = None
    is_ready: Callable[[], bool] | None = None
    probe_every_s: float = 0.1
    address: str = ""
    is_needed_first: bool = False
    grace_s: float = 10.0
    pauses: RestartPauses = RestartPauses()


@dataclass(frozen=True)
class Status:
    """A process at one moment, as people see it."""

    name: str
    state: State
    pid: int | None
    address: str
    restarts: int


@dataclass(frozen=True)
class Death:
    """A process that ended without being asked to.

    Attributes:
        name: The program's name.
        how: How it ended, in words.
        code: As `Popen.returncode`; None when it could not be started.
        again_in_s: Seconds until it is started again.
        deaths: How often it has ended so far.
    """

    name: str
    how: str
    code: int | None
    again_in_s: float
    deaths: int


class SupervisedProcess:
    """Keeps one program running; all times are of one monotonic clock, seconds."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.state = State.NEW
        self._child: child_processes.Child | None = None
        self._is_noted = program.pid_file is None
        self._deaths = 0
        self._pause_s = 0.0
        self._started_s = 0.0
        self._due_s = 0.0

    def status(self) -> Status:
        """Return its status."""
        pid = None if self._child is None else self._child.pid
        return Status(
            self.program.name, self.state, pid, self.program.address, restarts=self._deaths
        )

    def start(self, now_s: float) -> None:
        """Start the program.

        Raises:
            OSError: It cannot be started at all.
        """
        program = self.program
        with program.log.open("ab") if program.log else contextlib.nullcontext() as log:
            self._child = child_processes.start_child(
                program.command, env=program.env, stdout=log, stderr=log
            )
        self.state = State.STARTING if program.is_ready else State.RUNNING
        self._started_s, self._due_s = now_s, now_s
        self._note_pid(self._child)

    def step(self, now_s: float) -> Death | None:
        """Do what is due: notice a death, ask for readiness, start again."""
        if self._child is not None:
            if self._child.poll() is not None:
                return self._note_end(self._child, now_s)
            self._note_pid(self._child)
        if self.state is State.WAITING and now_s >= self._due_s:
            return self._start_again(now_s)
        if self.state is State.STARTING and now_s >= self._due_s:
            self._due_s = now_s + self.program.probe_every_s
            if self.program.is_ready is None or self.program.is_ready():
                self.state = State.RUNNING
        return None

    def ask_to_stop(self) -> None:
        """Send SIGTERM; it is never started again."""
        self.state = State.STOPPED if self._child is None else State.STOPPING
        if self._child is not None:
            self._child.terminate()

    def has_stopped(self) -> bool:
        """Say whether it is gone, after `ask_to_stop`."""
        if self._child is not None and self._child.poll() is not None:
            self._clear(self._child)
            self.state = State.STOPPED
        return self._child is None

    def kill(self) -> None:
        """End it and its children at once, and wait for it."""
        if self._child is not None:
            _kill_group(self._child.pid)
            self._child.wait()
        self.has_stopped()

    def _start_again(self, now_s: float) -> Death | None:
        """Start the program again; what prevents it may pass, as a full disk does."""
        try:
            self.start(now_s)
        except OSError as error:
            self._started_s = now_s
            return self._wait(f"cannot be started ({error.strerror})", None, now_s)
        return None

    def _note_pid(self, child: child_processes.Child) -> None:
        """Write the pid file as soon as the disk allows it; no process depends on it."""
        if self.program.pid_file is not None and not self._is_noted:
            with contextlib.suppress(OSError):
                write_pid_file(self.program.pid_file, child.pid)
                self._is_noted = True

    def _note_end(self, child: child_processes.Child, now_s: float) -> Death:
        """Note that the program ended, and when it starts again."""
        self._clear(child)
        return self._wait(exit_in_words(child.returncode), child.returncode, now_s)

    def _wait(self, how: str, code: int | None, now_s: float) -> Death:
        """Note why the program does not run, and when it is started again."""
        self._pause_s = self.program.pauses.next_s(self._pause_s, ran_s=now_s - self._started_s)
        self._due_s = now_s + self._pause_s
        self._deaths += 1
        self.state = State.WAITING
        return Death(self.program.name, how, code, self._pause_s, self._deaths)

    def _clear(self, child: child_processes.Child) -> None:
        """Remove what is left of a child that has ended."""
        # Its own children may hold its port. The kernel ends them on Linux, this does elsewhere.
        _kill_group(child.pid)
        if self.program.pid_file is not None:
            with contextlib.suppress(OSError):
                self.program.pid_file.unlink(missing_ok=True)
            self._is_noted = False
        self._child = None


def exit_in_words(code: int) -> str:
    """Return how a process ended, from `Popen.returncode`."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def _kill_group(pid: int) -> None:
    """Kill whatever is left of the process group that a child led."""
    # macOS answers PermissionError for a group in which all processes have ended.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
