"""The one disk that a whole service lies on: full, or with a directory that refuses writes.

A process of its own holds the disk, so that it outlives the service and can be looked at.
"""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common.processes import child_processes
from tests.e2e.stack import ROOT, until
from tests.support import disks

READY_S = 30.0
GRACE_S = 10.0


@dataclass(frozen=True)
class OneDisk:
    """A small disk on a directory.

    Attributes:
        directory: Its path, for those inside.
        holder: The process in whose namespaces it is.
    """

    directory: Path
    holder: child_processes.Child

    @property
    def seen(self) -> Path:
        """Its path for this process."""
        return disks.seen_by(self.holder.pid, self.directory)

    @property
    def entering(self) -> list[str]:
        """The words before a command that let it in."""
        namespaces = ["--user", "--preserve-credentials", "--mount"]
        return ["nsenter", f"--target={self.holder.pid}", *namespaces, f"--wd={ROOT}"]

    @contextlib.contextmanager
    def read_only(self, name: str) -> Iterator[None]:
        """Let one of its directories refuse all writes for as long as the block lasts."""
        path = str(self.directory / name)
        self._run("mount", "--bind", path, path)
        try:
            self._run("mount", "-o", "remount,bind,ro", path)
            yield
        finally:
            self._run("umount", "--lazy", path)

    def _run(self, *command: str) -> None:
        subprocess.run([*self.entering, *command], check=True, timeout=READY_S)


@contextlib.contextmanager
def one_disk(directory: Path, *, size: str) -> Iterator[OneDisk]:
    """Have a small disk on an existing directory for as long as the block lasts."""
    words = ["sh", "-c", 'touch "$0/.held" && exec sleep inf', str(directory)]
    holder = child_processes.start_child([*disks.small(directory, size), *words])
    try:
        disk = OneDisk(directory, holder)
        held = disk.seen / ".held"
        until(held.exists, "the disk is there", timeout_s=READY_S)
        held.unlink()
        yield disk
    finally:
        child_processes.stop_child(holder, grace_s=GRACE_S)
