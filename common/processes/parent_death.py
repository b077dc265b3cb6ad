"""Ends a process when its parent dies, however the parent died.

On Linux the kernel does it (`PR_SET_PDEATHSIG`); elsewhere a thread watches the parent. Run as a
script this file asks the kernel and then becomes another program: a wrapper for programs that are
not ours. As a script it has only the standard library.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from typing import NoReturn

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LOOK_EVERY_S = 1.0
_NOT_FOUND = 127  # the shell's code for a command that is not there


def die_with_parent(parent_pid: int) -> None:
    """Make sure that this process ends when its parent does.

    Args:
        parent_pid: The parent's pid when it started this process; if it is gone already, this
            process ends at once.
    """
    if sys.platform.startswith("linux"):
        _ask_kernel(signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent_pid,), name="parent", daemon=True).start()
    if os.getppid() != parent_pid:
        os._exit(1)


def wrapper(death_signal: signal.Signals) -> list[str]:
    """Return the words before a command that tie its process to this one; none but on Linux.

    Args:
        death_signal: What the kernel sends the process when this one has died.
    """
    if not sys.platform.startswith("linux"):
        return []
    # A wrapper and not preexec_fn, which may deadlock in a process with threads. -I and -S keep it
    # at some 10 ms and independent of the child's PYTHON* variables.
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(death_signal))]


def _ask_kernel(death_signal: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"prctl(PR_SET_PDEATHSIG) failed: {os.strerror(ctypes.get_errno())}")


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)


def _become(parent_pid: int, death_signal: int, command: list[str]) -> NoReturn:
    """Tie this process to its parent and replace it by the command."""
    _ask_kernel(death_signal)
    if os.getppid() != parent_pid:  # it died before we asked the kernel
        sys.exit("the parent process is gone")
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted here
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        sys.exit(_NOT_FOUND)


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
