"""Starts child processes that cannot outlive this one, and waits until they answer.

On Linux the kernel tells a child of its parent's death (`PR_SET_PDEATHSIG`), however the parent
died; elsewhere a child is an ordinary child, and whoever started it must stop it. Run as a script
this file is the small wrapper that asks the kernel for that and then becomes the child's program.
It must never decide when a child is started again: that is the supervisor's business.
"""

import ctypes
import functools
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO, NoReturn

PR_SET_PDEATHSIG = 1  # from linux/prctl.h
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
    alone and the order of stopping stays its own; it reads nothing from the terminal.

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
    wrapped = [*_wrapper(death_signal), *(os.fspath(part) for part in command)]

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


def _wrapper(death_signal: signal.Signals) -> list[str]:
    """Return the words that go before a command so that the child dies with this process."""
    if not sys.platform.startswith("linux"):
        return []
    # A wrapper and not preexec_fn: that may deadlock in a process with threads. -I and -S keep it
    # at some 10 ms and untouched by the child's PYTHON* variables.
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(death_signal))]


@functools.lru_cache(maxsize=1)
def _forking_thread(_pid: int) -> "queue.SimpleQueue[tuple[Callable[[], Child], Future[Child]]]":
    """Start the thread that forks all children of this process; return where it takes its work.

    The kernel's "parent" is the thread that forked: a child started by a short-lived thread would
    be told of its parent's death when that thread ends. This one lives as long as the process. The
    pid is the cache's key because a forked copy of this process has lost the thread.
    """
    work: queue.SimpleQueue[tuple[Callable[[], Child], Future[Child]]] = queue.SimpleQueue()

    def fork_for_ever() -> None:
        while True:
            start, started = work.get()
            try:
                started.set_result(start())
            except Exception as error:  # whatever it is belongs to the caller
                started.set_exception(error)

    threading.Thread(target=fork_for_ever, name="children", daemon=True).start()
    return work


def _become(parent_pid: int, death_signal: int, command: list[str]) -> NoReturn:
    """Tie this process to its parent and replace it by the command."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"prctl(PR_SET_PDEATHSIG) failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent_pid:  # it died before we asked; nobody would ever tell us
        sys.exit("the parent process is gone")
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted here
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        sys.exit(127)  # the shell's code for a command that is not there


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
