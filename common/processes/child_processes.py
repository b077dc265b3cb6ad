"""Starts child processes that cannot outlive this one, and waits until they answer.

On Linux a child gets a signal when this process dies (`common.processes.parent_death`). Elsewhere
it is an ordinary child, and its starter must stop it. When a child is started again is decided by
the supervisor, never here.
"""

import functools
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO

from common.processes.parent_death import wrapper

POLL_EVERY_S = 0.02

Child = subprocess.Popen[bytes]


class ChildNotReady(Exception):
    """Raised when a child ended, or did not answer in its time; the text says which."""


def start_child(
    command: Sequence[str | os.PathLike[str]],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a program that gets a signal as soon as this process is gone.

    The child has a process group of its own, so that Ctrl-C in a terminal reaches this process
    alone, which stops its children in its own order. It reads nothing from the terminal.

    Args:
        command: Program, looked up on the PATH, and its arguments.
        env: The child's whole environment; this process's own when left out.
        cwd: The child's working directory; this process's own when left out.
        stdout: As for `subprocess.Popen`.
        stderr: As for `subprocess.Popen`.
        death_signal: Signal that the kernel sends the child when this process has died (Linux).

    Returns:
        The running child; its pid is the program's own.

    Raises:
        OSError: The child could not be started. A program that is not there is seen as exit
            code 127 of the child instead.
    """
    wrapped = [*wrapper(death_signal), *(os.fspath(part) for part in command)]

    def start() -> Child:
        return subprocess.Popen(
            wrapped,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            process_group=0,
        )

    started: Future[Child] = Future()
    _forking_thread(os.getpid()).put((start, started))
    return started.result()


def wait_until_ready(
    child: Child, is_ready: Callable[[], bool], *, name: str, timeout_s: float
) -> None:
    """Return when the child answers.

    Args:
        child: The child just started.
        is_ready: Asks the child once; bounded in time by itself.
        name: What the child is called in an error.
        timeout_s: Longest wait, seconds.

    Raises:
        ChildNotReady: The child ended, or did not answer in time.
    """
    deadline = time.monotonic() + timeout_s
    while not is_ready():
        code = child.poll()
        if code is not None:
            raise ChildNotReady(f"{name} ended at once with exit code {code}; see its output.")
        if time.monotonic() > deadline:
            raise ChildNotReady(f"{name} did not answer within {timeout_s:g} s; see its output.")
        time.sleep(POLL_EVERY_S)


def stop_child(child: Child, *, grace_s: float) -> int:
    """Ask a child to end, kill it when it does not, and return its exit code.

    Args:
        child: The child; one that has ended already is no error.
        grace_s: Time between SIGTERM and SIGKILL, seconds.
    """
    if child.poll() is None:
        child.terminate()
        try:
            return child.wait(grace_s)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()


@functools.lru_cache(maxsize=1)
def _forking_thread(_pid: int) -> "queue.SimpleQueue[tuple[Callable[[], Child], Future[Child]]]":
    """Start the thread that forks all children of this process; return where it takes its work.

    For the kernel the parent is the thread that forked: a child of a short-lived thread would get
    its death signal when that thread ends. This one lives as long as the process. The pid is the
    cache's key because a forked copy of this process does not have the thread.
    """
    work: queue.SimpleQueue[tuple[Callable[[], Child], Future[Child]]] = queue.SimpleQueue()

    def fork_for_ever() -> None:
        while True:
            start, started = work.get()
            try:
                started.set_result(start())
            except Exception as error:  # the caller handles it, whatever it is
                started.set_exception(error)

    threading.Thread(target=fork_for_ever, name="children", daemon=True).start()
    return work
