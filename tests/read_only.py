"""Directories that a process sees as a container sees a volume mounted `:ro`: nobody can write.

Not even root, which a mode would not keep from it.
"""

from pathlib import Path

from tests.small_disk import NAMESPACES

_MOUNT = """
set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
shift
exec "$@"
"""


def command(directory: Path) -> list[str]:
    """Return the words that go before a command so that it can only read a directory."""
    return [*NAMESPACES, "sh", "-c", _MOUNT, "sh", str(directory)]
