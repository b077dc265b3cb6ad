"""Ends a process that takes too much memory, from outside and at once, as a kernel does.

A kernel's own killer looks at the whole machine, or at a control group that only an administrator
may make; this one looks at one process, through Linux' /proc.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.stack import Stack

LOOK_EVERY_S = 0.02
MOST_MORE_MB = 300  # than a worker that serves has


class MemoryKiller:
    """Watches whoever is one of a stack's processes.

    Attributes:
        killed: The pids that it ended, each with the MB that it had by then.
    """

    def __init__(self, stack: Stack, name: str) -> None:
        self._pid_file = stack.layout.pid(name)
        self._limit_mb = resident_mb(stack.pid(name)) + MOST_MORE_MB
        self._over = threading.Event()
        self.killed: dict[int, int] = {}

    def watch(self) -> None:
        """Look until told that it is over."""
        while not self._over.wait(LOOK_EVERY_S):
            try:
                pid = int(self._pid_file.read_text())
                had_mb = resident_mb(pid)
            except (OSError, ValueError):  # between one process and the next
                continue
            if had_mb > self._limit_mb and pid not in self.killed:
                os.kill(pid, signal.SIGKILL)
                self.killed[pid] = had_mb

    def stop(self) -> None:
        """Look no more."""
        self._over.set()


@contextmanager
def memory_killer(stack: Stack, name: str) -> Iterator[MemoryKiller]:
    """Watch for as long as the block lasts."""
    killer = MemoryKiller(stack, name)
    thread = threading.Thread(target=killer.watch)
    thread.start()
    try:
        yield killer
    finally:
        killer.stop()
        thread.join()


def resident_mb(pid: int) -> int:
    """Return the memory of a process that is really there, MB; 0 for a zombie.

    Raises:
        OSError: There is no such process.
    """
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 // 1_000_000
    return 0
