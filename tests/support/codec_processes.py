"""Looks at codec processes from outside, through /proc: for tests on Linux."""

import os
from pathlib import Path

MODULE = "worker.sandbox.process"


def codec_pids(owner: int) -> list[int]:
    """Return the pids of a process's codec processes, zombies not counted."""
    return [pid for pid in children(owner) if MODULE in command_line(pid)]


def children(owner: int) -> list[int]:
    """Return the pids of all children of a process, zombies included."""
    pids: list[int] = []
    for thread in Path(f"/proc/{owner}/task").glob("*/children"):
        try:
            pids += map(int, thread.read_text().split())
        except OSError:  # the thread has ended
            continue
    return sorted(pids)


def command_line(pid: int) -> list[str]:
    """Return a process's command line; empty for a zombie and for nobody."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def cpu_s(pid: int) -> float:
    """Return the processor time of a process, seconds; 0 for nobody."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_holds(pid: int, secret: bytes) -> bool:
    """Say whether a process's writable memory holds some bytes."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            span, mode, *_ = line.split()
            if not mode.startswith("rw"):
                continue
            begin, end = (int(edge, 16) for edge in span.split("-"))
            memory.seek(begin)
            if secret in memory.read(min(end - begin, 64 * 2**20)):
                return True
    return False
