"""What only some platforms promise, and the marks of the tests that hold them to it.

The service runs on Linux in production and in CI, where none of these tests is left out, unless
the system there forbids its users namespaces of their own. On a developer's other system the
promise itself does not exist: the code says so where it falls back
(`common/processes/child_processes.py`, `common/processes/parent_death.py`,
`worker/sandbox/shared_memory.py`, `common/allocator.py`), and `docs/not-run.md` says so to people.
"""

import os
import platform
import sys

import pytest

from tests.support import disks

# PR_SET_PDEATHSIG, memfd seals and holes punched into files are Linux' own.
linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="only Linux ends children with their parent, and seals and empties shared memory",
)

# mallopt is told only to the allocator whose parameters we know.
glibc_only = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="the allocator is told its limits only on glibc"
)

# The mark of a process's largest size can be set back only where the kernel lets us: Linux, and not
# every sandbox on it. Without it the engine knows no peak and relies on its fallback.
largest_size_only = pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK),
    reason="this system does not tell a process's largest size",
)

# A small disk of a test's own is mounted in a user namespace, which some systems forbid to users.
namespaces_only = pytest.mark.skipif(
    not disks.is_possible(), reason="this system lets nobody mount in a namespace of his own"
)
