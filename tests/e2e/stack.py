"""Runs the whole service as a person would, `python -m deploy.local up`, for the end-to-end tests.

Everything is real: the command, its processes, their servers. Nothing of the service is imported
here but the names of the places in its data directory.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.processes import child_processes
from common.processes.pid_file import is_alive, read_pid
from deploy.local.data_directory import Layout, tail

ROOT = Path(__file__).resolve().parents[2]
READY_S = 150.0  # torch is imported and a model warmed, on a machine that may be busy
STOP_S = 90.0  # above the sum of what `up` itself waits before it kills
POLL_EVERY_S = 0.02


@dataclass(frozen=True)
class Stack:
    """A running service.

    Attributes:
        url: The API's address.
        redis_url: The job store's address, password included.
        layout: Where everything lies.
        process: The `up` command itself.
    """

    url: str
    redis_url: str = field(repr=False)
    layout: Layout
    process: child_processes.Child

    def pid(self, name: str) -> int:
        """Return the pid of a process, e.g. `api`, `worker-1`, `worker-1-supervisor`, `redis`."""
        pid = read_pid(self.layout.pid(name))
        if pid is None:
            raise AssertionError(f"There is no run/{name}.pid; look at {self.layout.logs}")
        return pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to a process; return its pid."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Freeze a process for as long as the block lasts."""
        pid = self.kill(name, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def wait_for_successor(self, name: str, before: int, *, timeout_s: float = READY_S) -> int:
        """Wait until a process of this name runs that is not the one before; return its pid."""

        def is_back() -> bool:
            pid = read_pid(self.layout.pid(name))
            return pid is not None and pid != before and is_alive(pid)

        until(is_back, f"{name} runs again", timeout_s=timeout_s)
        return self.pid(name)

    def logs(self, name: str) -> str:
        """Return all that a process has said so far; empty when it has said nothing."""
        path = self.layout.log(name)
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def tails(self) -> str:
        """Return the last words of all processes, for a test that failed."""
        return "\n".join(
            f"--- the end of {path.name}\n{tail(path)}"
            for path in [self.layout.root.parent / "up.log", *sorted(self.layout.logs.glob("*"))]
        )


def until(condition: Callable[[], bool], what: str, *, timeout_s: float = READY_S) -> None:
    """Wait until something holds; fail with its name after a generous time."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"It never came to this within {timeout_s:g} s: {what}")
        time.sleep(POLL_EVERY_S)


@contextlib.contextmanager
def running_stack(
    tmp_path: Path,
    *,
    workers: int = 1,
    store: str = "local",
    env: Mapping[str, str] | None = None,
    within: Sequence[str] = (),
    data: Path | None = None,
) -> Iterator[Stack]:
    """Run the service on `tmp_path/data` for as long as the block lasts.

    A second stack on the same `tmp_path` goes on with what the first one left. The words of the
    command itself are in `tmp_path/up.log`. When the block fails, the last words of all are shown.

    Args:
        tmp_path: A directory of the test's own.
        workers: Worker processes.
        store: `local` or `s3`.
        env: Variables laid over this process's own, e.g. `CELSHADE_EXTRA_STYLES`.
        within: Words before the command, e.g. `disks.small(...)`; the pid must stay.
        data: `tmp_path/data` as this process reaches it, where that is another way.
    """
    layout = Layout(data or tmp_path / "data")
    layout.api_url.unlink(missing_ok=True)
    command = [*within, sys.executable, "-m", "deploy.local", "up", "--port", "0"]
    command += ["--workers", str(workers), "--data", str(tmp_path / "data")]
    command += ["--store", store]
    with (tmp_path / "up.log").open("ab") as log:
        process = child_processes.start_child(
            command, env=_environment(env or {}), cwd=ROOT, stdout=log, stderr=log
        )
    stack = Stack("", "", layout, process)
    try:
        _wait_until_ready(layout, process)
        url, redis_url = layout.api_url.read_text(), layout.redis_url.read_text()
        stack = Stack(url.strip(), redis_url.strip(), layout, process)
        yield stack
        if process.poll() is None:  # a test may have killed the command itself
            _stop(layout, process)
    except BaseException:
        sys.stderr.write(f"\n{stack.tails()}\n")
        raise
    finally:
        child_processes.stop_child(process, grace_s=STOP_S)


def _wait_until_ready(layout: Layout, process: child_processes.Child) -> None:
    """Return when the command says that everything answers."""
    until(lambda: layout.api_url.exists() or process.poll() is not None, "all is ready")
    if process.poll() is not None:
        raise AssertionError(f"'up' ended with exit code {process.returncode}")


def _stop(layout: Layout, process: child_processes.Child) -> None:
    """Stop the service as SIGTERM does, and see that it ends well and leaves nothing running."""
    code = child_processes.stop_child(process, grace_s=STOP_S)
    left = sorted(path.name for path in layout.run.iterdir())
    if code != 0 or left:
        raise AssertionError(f"'up' ended with exit code {code}; left in run/: {left}")


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the command's environment: ours, the checkout's packages, and what is given."""
    path = [str(ROOT), str(ROOT / "client"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path)), **given}
