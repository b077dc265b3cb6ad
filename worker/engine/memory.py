"""Memory of the CPU: what is free to this process, and what some work takes at most. Linux only.

Both are read from the kernel; on other systems the answer is None, for not known.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

_PROCESS = Path("/proc/self")
_MACHINE = Path("/proc/meminfo")
_GROUPS = Path("/sys/fs/cgroup")
# proc(5): writing 5 to clear_refs sets the mark of the largest size back to the present size.
_RESET_MARK = "5"


def free_bytes() -> int | None:
    """Memory that this process may still take: the machine's, or less if its group has less."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return min([_kilobytes(_MACHINE, "MemAvailable") * 1024, *_left_in_groups()])
    except (OSError, ValueError):
        return None


def growth_bytes(work: Callable[[], object]) -> int | None:
    """Do some work; how much larger the process was at its largest, bytes."""
    status = _PROCESS / "status"
    try:
        (_PROCESS / "clear_refs").write_text(_RESET_MARK)
        before = _kilobytes(status, "VmRSS")
    except (OSError, ValueError):
        work()
        return None
    work()
    return max(0, _kilobytes(status, "VmHWM") - before) * 1024


def _kilobytes(table: Path, name: str) -> int:
    """Read a line such as `VmRSS:  1234 kB`."""
    for line in table.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise ValueError(name)


def _left_in_groups() -> Iterator[int]:
    """What each memory limit around this process leaves, in both generations of control groups."""
    for line in (_PROCESS / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _left_above(_GROUPS / path[1:], "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            root = _GROUPS / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            yield from _left_above(root / path[1:], *names)


def _left_above(group: Path, limit_name: str, usage_name: str) -> Iterator[int]:
    """What a group and those it lies in leave; one that is not visible sets no limit here."""
    for place in (group, *group.parents):
        if not place.is_relative_to(_GROUPS):
            return
        limit, usage = place / limit_name, place / usage_name
        if limit.exists() and (text := limit.read_text().strip()) != "max":
            # Files that were read count as usage, but give way.
            cached = _cached_bytes(place / "memory.stat")
            yield int(text) - int(usage.read_text()) + cached


def _cached_bytes(statistics: Path) -> int:
    for line in statistics.read_text().splitlines():
        if line.startswith(("inactive_file ", "total_inactive_file ")):
            return int(line.split()[1])
    return 0
