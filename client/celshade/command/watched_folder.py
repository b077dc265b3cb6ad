"""A watched folder: which photos have arrived in it completely.

It is polled by one `scandir` a second, which works on network shares, in containers and on every
system, unlike notifications of the kernel, and costs next to nothing beside rendering.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from celshade.client.errors import PhotoUnreadable
from celshade.command.folders import is_photo_name


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Identifies one version of a file."""

    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class SettledPhoto:
    """A photo that has arrived completely."""

    path: Path
    version: FileVersion


class WatchedFolder:
    """Reports each version of each photo once it no longer changes.

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
        self._since: dict[str, tuple[FileVersion, float]] = {}

    def scan(self) -> tuple[list[SettledPhoto], int]:
        """Scan the folder.

        Returns:
            The photos that stand still, by name, and how many others do not yet.

        Raises:
            PhotoUnreadable: The folder cannot be read now.
        """
        now_s = self._clock()
        found = self._list_photos()
        self._since = {
            name: self._since[name]
            if name in self._since and self._since[name][0] == version
            else (version, now_s)
            for name, version in found.items()
        }
        settled = [
            SettledPhoto(self._path / name, version)
            for name, (version, since_s) in sorted(self._since.items())
            if now_s - since_s >= self._settle_s
        ]
        # An empty file is one that is about to be written.
        return [each for each in settled if each.version.size_bytes], len(found) - len(settled)

    def _list_photos(self) -> dict[str, FileVersion]:
        found = {}
        try:
            with os.scandir(self._path) as entries:
                for entry in entries:
                    if is_photo_name(entry.name) and entry.is_file():
                        status = entry.stat()
                        found[entry.name] = FileVersion(status.st_size, status.st_mtime_ns)
        except FileNotFoundError as error:
            if self._path.is_dir():  # a file went during the scan; the next one sees the rest
                return found
            raise PhotoUnreadable(self._path, f"The folder '{self._path}' is gone.") from error
        except OSError as error:
            reason = f"The folder '{self._path}' cannot be read: {error.strerror}."
            raise PhotoUnreadable(self._path, reason) from error
        return found
