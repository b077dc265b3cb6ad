"""A watched folder: which photos have come into it, whole, since it was last looked at.

Looking is one `scandir` a second: it works alike on network shares, in containers and on every
system, where notices of the kernel do not, and costs next to nothing beside rendering.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from celshade.client.errors import PhotoUnreadable
from celshade.command.folders import is_photo_name


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one state of a file from another."""

    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A photo that is there, whole."""

    path: Path
    version: Version


class WatchedFolder:
    """Tells of each state of each photo once it has stood still.

    Args:
        path: The folder; folders in it are passed over.
        settle_s: How long a file must not have changed to count as written, seconds.
        clock: Monotonic seconds.
    """

    def __init__(
        self, path: Path, settle_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._settle_s = settle_s
        self._clock = clock
        self._since: dict[str, tuple[Version, float]] = {}

    def look(self) -> tuple[list[Arrival], int]:
        """Look into the folder.

        Returns:
            The photos that stand still, by name, and how many others do not yet.

        Raises:
            PhotoUnreadable: The folder cannot be read now.
        """
        now_s = self._clock()
        seen = self._scan()
        self._since = {
            name: self._since[name]
            if name in self._since and self._since[name][0] == version
            else (version, now_s)
            for name, version in seen.items()
        }
        still = [
            Arrival(self._path / name, version)
            for name, (version, since_s) in sorted(self._since.items())
            if now_s - since_s >= self._settle_s
        ]
        # An empty file is one that somebody is about to write.
        return [each for each in still if each.version.size_bytes], len(seen) - len(still)

    def _scan(self) -> dict[str, Version]:
        seen = {}
        try:
            with os.scandir(self._path) as entries:
                for entry in entries:
                    if is_photo_name(entry.name) and entry.is_file():
                        found = entry.stat()
                        seen[entry.name] = Version(found.st_size, found.st_mtime_ns)
        except FileNotFoundError as error:
            if self._path.is_dir():  # a file went while we looked; the next look sees the rest
                return seen
            raise PhotoUnreadable(self._path, f"The folder '{self._path}' is gone.") from error
        except OSError as error:
            reason = f"The folder '{self._path}' cannot be read: {error.strerror}."
            raise PhotoUnreadable(self._path, reason) from error
        return seen
