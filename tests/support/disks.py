"""Disks of a test's own: small ones, which fill up, and read-only ones; nobody outside sees them.

A disk is memory that is mounted on a directory, in namespaces that end with their process. Nobody
needs to be root for it: inside, every user is.
"""

import contextlib
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

NAMESPACES = ("unshare", "--user", "--map-root-user", "--mount")
BLOCK_BYTES = 4096
BALLAST = ".ballast"
# What lies in the directory goes along; the command takes the shell's place, and so its pid.
MOUNT = """
set -e
directory=$1 size=$2
shift 2
exec 3<"$directory"
mount -t tmpfs -o "size=$size,mode=700" tmpfs "$directory"
cp -a /proc/self/fd/3/. "$directory"
exec 3<&-
exec "$@"
"""
READ_ONLY = """
set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
shift
exec "$@"
"""


@functools.cache
def is_possible() -> bool:
    """Say whether this user may mount in namespaces of his own; it is tried."""
    trial = [*NAMESPACES, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    with contextlib.suppress(OSError):
        return subprocess.run(trial, capture_output=True, check=False).returncode == 0
    return False


def small(directory: Path, size: str) -> list[str]:
    """Return the words that go before a command so that a directory of its is a small disk.

    Args:
        directory: Exists; what lies in it lies on the disk as well, and outside stays as it is.
        size: Room, in mount's own words, e.g. `24m`.
    """
    return [*NAMESPACES, "sh", "-c", MOUNT, "sh", str(directory), size]


def read_only(directory: Path) -> list[str]:
    """Return the words that go before a command so that it can only read a directory.

    As a container sees a volume mounted `:ro`: not even root can write, which a mode would not
    keep from it.
    """
    return [*NAMESPACES, "sh", "-c", READ_ONLY, "sh", str(directory)]


def seen_by(pid: int, path: Path) -> Path:
    """Return the way to a path as a process in other namespaces sees it."""
    return Path(f"/proc/{pid}/root{path}")


def fill(disk: Path) -> None:
    """Take all the room that a disk has left, to the last block."""
    with (disk / BALLAST).open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(BLOCK_BYTES))


def clear(disk: Path) -> None:
    """Give the room back."""
    (disk / BALLAST).unlink(missing_ok=True)


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """Leave no room on a disk for as long as the block lasts."""
    fill(disk)
    try:
        yield
    finally:
        clear(disk)
