"""The whole service, run for a benchmark as `python -m deploy.local up` runs it, in a fresh place.

Only its addresses, its pids and its files are known here; a benchmark drives it by HTTP.
"""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import processes
from celshade import Client
from common.processes.pid_file import is_alive, read_pid
from common.processes.supervised_process import Death, Status
from common.settings import load_settings
from deploy.local import background
from deploy.local.data_directory import Layout
from deploy.local.options import StackOptions
from deploy.local.stack import Stack

OUT = Path("out")
START_TIMEOUT_S = 300.0
LOOK_EVERY_S = 0.02
PATIENCE_S = 120.0


class NeverHappened(Exception):
    """Raised when something a benchmark waits for does not come; the text names it."""


@dataclass(frozen=True)
class Service:
    """A running service.

    Attributes:
        url: Address of its API.
        layout: Where its pids and logs are.
        workers: How many workers it has.
    """

    url: str
    layout: Layout
    workers: int

    def client(self) -> Client:
        """Return a client as anybody would use it; the caller closes it."""
        return Client(self.url)

    @property
    def redis_url(self) -> str:
        """Address of the job store, password included."""
        return self.layout.redis_url.read_text(encoding="ascii").strip()

    def pid(self, name: str) -> int:
        """Return the pid of a process, e.g. `redis` or `worker-1`."""
        pid = read_pid(self.layout.pid(name))
        if pid is None:
            raise NeverHappened(f"there is a {name}")
        return pid

    def pids(self) -> dict[str, list[int]]:
        """Return the pids of every process that runs, by name, with its children.

        A supervisor stands alone: its child is the worker, which has a name of its own.
        """
        found: dict[str, list[int]] = {}
        for path in sorted(self.layout.run.glob("*.pid")):
            pid = read_pid(path)
            if pid is not None and is_alive(pid):
                alone = path.stem.endswith("-supervisor")
                found[path.stem] = [pid] if alone else processes.with_children(pid)
        return found

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU seconds of every process so far, by name; `client` is this one."""
        used = {name: processes.cpu_s(pids) for name, pids in self.pids().items()}
        return {**used, "client": processes.cpu_s([os.getpid()])}

    @contextlib.contextmanager
    def held(self, *names: str) -> Iterator[None]:
        """Freeze processes for as long as the block lasts; what they have loaded stays warm."""
        pids = [self.pid(name) for name in names]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @property
    def worker_names(self) -> list[str]:
        """Names of the processes that hold a model."""
        return [f"worker-{number}" for number in range(1, self.workers + 1)]


@contextlib.contextmanager
def running_service(*, workers: int = 1) -> Iterator[Service]:
    """Run the service on a fresh directory and any free port; leaves nothing behind.

    Args:
        workers: Worker processes.

    Raises:
        StartFailed: A process keeps dying; the text says where its words are.
    """
    OUT.mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="benchmark-", dir=OUT)).resolve()
    stack = Stack(
        StackOptions(data=data, port=0, workers=workers, store="local"), load_settings(), _Words()
    )
    say(f"starting the service with {workers} worker(s)")
    with background.running(stack, on_wait=lambda: None, timeout_s=START_TIMEOUT_S):
        yield Service(stack.url, stack.layout, workers)
        say("stopping the service")
    shutil.rmtree(data)


def until(condition: Callable[[], bool], what: str, *, timeout_s: float = PATIENCE_S) -> None:
    """Return when something holds.

    Raises:
        NeverHappened: It does not come within the time.
    """
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise NeverHappened(what)
        time.sleep(LOOK_EVERY_S)


def say(text: str) -> None:
    """Tell the person who waits what goes on, on stderr."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


class _Words:
    """Tells of deaths; everything else a benchmark sees itself."""

    def changed(self, statuses: Sequence[Status]) -> None:
        """Nothing to tell."""

    def died(self, death: Death) -> None:
        """Tell who died: in most benchmarks nobody should."""
        say(f"{death.name} {death.how}")

    def still_starting(self, statuses: Sequence[Status]) -> None:
        """Tell whom all wait for."""
        say(f"still starting: {', '.join(status.name for status in statuses)}")
