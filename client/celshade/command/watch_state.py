"""State of `celshade watch`, kept beside its pictures: which photos have been processed.

So a second run begins where the first one ended, and pictures may be moved away. Written whole or
not at all, after each photo.
"""

import json
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from celshade.client.errors import CannotSave
from celshade.client.jobs import Job
from celshade.command.output_names import name_suffix, numbered_stems
from celshade.command.watched_folder import SettledPhoto

STATE_FILE = ".celshade-watch.json"
_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """The result of a photo.

    Attributes:
        size_bytes: Of the photo that was rendered.
        modified_ns: Of the same.
        picture: Name of its picture; None when there is none.
        error: Stable code of why.
        passes: Whether another run may try it again.
    """

    size_bytes: int
    modified_ns: int
    picture: str | None
    error: str | None = None
    passes: bool = False


class WatchState:
    """The state of one directory of pictures; may be shared by threads.

    Args:
        out: The directory.
        options: Options of each picture; different ones make all photos new.
    """

    def __init__(self, out: Path, options: dict[str, Any]) -> None:
        self._out = out
        self._options = options
        self._lock = threading.Lock()
        self._records = _read(out / STATE_FILE, options)
        self._reserved: dict[str, str] = {}

    def is_done(self, photo: SettledPhoto) -> bool:
        """Whether this version of a photo has been processed."""
        saved = self._records.get(photo.path.name)
        version = photo.version
        return saved is not None and (saved.size_bytes, saved.modified_ns) == (
            version.size_bytes,
            version.modified_ns,
        )

    def choose_path(self, photo: SettledPhoto, job: Job) -> Path:
        """Choose where a photo's picture goes: where its last one is, else where none is."""
        name, ending = photo.path.name, name_suffix(job)
        with self._lock:
            saved = self._records.get(name)
            name_on_disk = (saved and saved.picture) or self._reserved.get(name)
            if name_on_disk is None or not name_on_disk.endswith(ending):
                taken = {each.picture for each in self._records.values()}
                taken |= set(self._reserved.values())
                names = (f"{stem}-{ending}" for stem in numbered_stems(photo.path.stem))
                name_on_disk = next(
                    each for each in names if each not in taken and not (self._out / each).exists()
                )
            self._reserved[name] = name_on_disk
        return self._out / name_on_disk

    def record(
        self,
        photo: SettledPhoto,
        picture: Path | None,
        error: str | None = None,
        *,
        passes: bool = False,
    ) -> None:
        """Save a photo's result.

        Raises:
            CannotSave: The disk refuses.
        """
        version = photo.version
        saved = PhotoRecord(
            version.size_bytes,
            version.modified_ns,
            picture.name if picture else None,
            error,
            passes,
        )
        with self._lock:
            self._records[photo.path.name] = saved
            self._reserved.pop(photo.path.name, None)
            self._write()

    def _write(self) -> None:
        photos = {name: asdict(saved) for name, saved in self._records.items()}
        text = json.dumps(
            {"form": _FORMAT_VERSION, "asked": self._options, "photos": photos}, indent=1
        )
        path, part = self._out / STATE_FILE, self._out / f"{STATE_FILE}.part"
        try:
            part.write_text(text)
            part.replace(path)
        except OSError as error:
            raise CannotSave(path, error.strerror or str(error)) from error


def _read(path: Path, options: dict[str, Any]) -> dict[str, PhotoRecord]:
    """Read the saved entries; none when there is no file, or when other pictures were asked for.

    What failed for transient reasons is dropped, so that it is tried again.
    """
    records: dict[str, PhotoRecord] = {}
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        content = json.loads(path.read_text())
        if content["form"] != _FORMAT_VERSION or content["asked"] != options:
            return {}
        for name, value in content["photos"].items():
            saved = PhotoRecord(**value)
            if not saved.passes:
                records[name] = saved
    return records
