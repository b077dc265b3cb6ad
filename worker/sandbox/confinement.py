"""The limits that a sandbox process sets for itself before it reads untrusted bytes.

The kernel enforces them, even while the worker is frozen. On systems other than Linux only
processor time is limited.
"""

import ctypes
import resource
import sys
import time
from pathlib import Path
from typing import Final

_PR_SET_NO_NEW_PRIVS: Final = 38  # linux/prctl.h
_OOM_FIRST: Final = "1000"  # proc(5): of all processes the machine ends this one first


def confine(memory_bytes: int) -> None:
    """Give up what a decoder does not need, for good.

    Args:
        memory_bytes: Address space that may be taken from now on.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold callers' photos
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    Path("/proc/self/oom_score_adj").write_text(_OOM_FIRST, encoding="ascii")
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit_bytes = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def allow_cpu(cpu_s: int) -> None:
    """Let the kernel end this process by SIGXCPU after so much more processor time, seconds.

    All threads count. The kernel knows whole seconds, so it may be one more.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time()) + 1 + cpu_s
    if hard != resource.RLIM_INFINITY:  # set from outside for all that runs here
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
