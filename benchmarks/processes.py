"""What processes have used so far: CPU seconds and memory, read from /proc (Linux)."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# proc(5): in /proc/PID/stat, counted from behind the name in parentheses, which may hold anything.
_UTIME, _STIME = 11, 12
# proc(5): columns of the line "cpu" of /proc/stat that are no work: idle and iowait.
_IDLE_COLUMNS = (3, 4)
# Behind these come guest times, which are part of user and nice already.
_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of some processes, bytes.

    Attributes:
        rss: Pages in RAM; those shared among the processes count once for each.
        pss: The same with shared pages divided among their users: what the processes cost.
        private: Anonymous pages: what the processes themselves have allocated.
    """

    rss: int
    pss: int
    private: int


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def cpu_s(pids: Iterable[int]) -> float:
    """Return the CPU seconds that processes have used since they began, all threads."""
    return sum(_cpu_s(pid) for pid in pids)


def busy_s() -> float:
    """Return the CPU seconds that the whole machine has worked since it started."""
    head = (_PROC / "stat").read_text(encoding="ascii").splitlines()[0]
    columns = [int(text) for text in head.split()[1 : 1 + _COLUMNS]]
    idle = sum(columns[column] for column in _IDLE_COLUMNS)
    return (sum(columns) - idle) / _TICKS_PER_S


def with_children(pid: int) -> list[int]:
    """Return a process and all below it."""
    below = [
        int(child)
        for task in (_PROC / str(pid) / "task").iterdir()
        for child in (task / "children").read_text(encoding="ascii").split()
    ]
    return [pid, *(found for child in below for found in with_children(child))]


def memory(pids: Iterable[int]) -> Memory:
    """Return the memory that processes hold now."""
    sums = {"Rss": 0, "Pss": 0, "Anonymous": 0}
    for pid in pids:
        path = _PROC / str(pid) / "smaps_rollup"
        for line in path.read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name in sums:
                sums[name] += int(value.split()[0]) * 1024
    return Memory(rss=sums["Rss"], pss=sums["Pss"], private=sums["Anonymous"])


def _cpu_s(pid: int) -> float:
    text = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    fields = text.rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S
