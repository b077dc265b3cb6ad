"""Runs the stack's supervisor over small programs of the tests' own, and records what it tells."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common.processes.supervised_process import Death, Program, State, Status
from common.processes.supervisor import Supervisor

DEADLINE_S = 60.0  # generous: the machine may be busy
POLL_EVERY_S = 0.02

SLEEPER = "import signal; print('awake', flush=True); signal.pause()"


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds; fail with its name after a generous time."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"It never came to this: {what}")
        time.sleep(POLL_EVERY_S)


def program(
    tmp_path: Path,
    name: str,
    code: str = SLEEPER,
    *arguments: str,
    kind: str = "",
    is_ready: Callable[[], bool] | None = None,
    is_needed_first: bool = False,
    grace_s: float = DEADLINE_S,
) -> Program:
    """Return a program that is a few lines of Python; it writes NAME.log and NAME.pid."""
    return Program(
        name=name,
        kind=kind or name,
        command=[sys.executable, "-c", code, *arguments],
        log=tmp_path / f"{name}.log",
        pid_file=tmp_path / f"{name}.pid",
        is_ready=is_ready,
        is_needed_first=is_needed_first,
        grace_s=grace_s,
    )


class Record:
    """A watcher that remembers everything."""

    def __init__(self) -> None:
        self.now: dict[str, Status] = {}
        self.deaths: list[Death] = []

    def changed(self, statuses: Sequence[Status]) -> None:
        """Remember how it looks now."""
        self.now = {status.name: status for status in statuses}

    def died(self, death: Death) -> None:
        """Remember a death."""
        self.deaths.append(death)

    def still_starting(self, statuses: Sequence[Status]) -> None:
        """Nothing: `now` tells it."""

    def state(self, name: str) -> State:
        """Tell the state of a process."""
        return self.now[name].state if name in self.now else State.NEW

    def pid(self, name: str) -> int:
        """Tell the pid of a running process."""
        pid = self.now[name].pid
        assert pid is not None
        return pid


class Supervised:
    """A supervisor that runs in a thread.

    Attributes:
        seen: What it has told.
        ready: Set once all run.
        stop: Ends it.
    """

    def __init__(self, programs: Sequence[Program]) -> None:
        self.seen = Record()
        self.ready = threading.Event()
        self.stop = threading.Event()
        self.supervisor = Supervisor(programs, self.seen)

    def run(self) -> None:
        """Run until `stop` is set."""
        self.supervisor.run(self.stop, on_ready=self.ready.set)


@contextlib.contextmanager
def supervised(programs: Sequence[Program]) -> Iterator[Supervised]:
    """Run the supervisor for as long as the block lasts; what it raises is raised here."""
    run = Supervised(programs)
    with ThreadPoolExecutor(1) as pool:
        end = pool.submit(run.run)
        try:
            yield run
        finally:
            run.stop.set()
        end.result(DEADLINE_S)


def is_running(pid: int) -> bool:
    """Say whether a process runs; the dead that nobody has buried do not."""
    listed = subprocess.run(
        ["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()[:1] not in ("", "Z")
