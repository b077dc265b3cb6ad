"""What `celshade watch` remembers beside its pictures: which photos it is done with.

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
from celshade.command.output_names import ending_of, numbered
from celshade.command.watched_folder import Arrival

FILE = ".celshade-watch.json"
_FORM = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A photo's end.

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


class Memory:
    """The memory of one directory of pictures; may be shared by threads.

    Args:
        out: The directory.
        asked: What is asked of each picture; another answer makes all photos new.
    """

    def __init__(self, out: Path, asked: dict[str, Any]) -> None:
        self._out = out
        self._asked = asked
        self._lock = threading.Lock()
        self._entries = _read(out / FILE, asked)
        self._promised: dict[str, str] = {}

    def knows(self, arrival: Arrival) -> bool:
        """Whether this very photo has had its end."""
        entry = self._entries.get(arrival.path.name)
        version = arrival.version
        return entry is not None and (entry.size_bytes, entry.modified_ns) == (
            version.size_bytes,
            version.modified_ns,
        )

    def place(self, arrival: Arrival, job: Job) -> Path:
        """Choose where a photo's picture goes: where its last one is, else where none is."""
        name, ending = arrival.path.name, ending_of(job)
        with self._lock:
            entry = self._entries.get(name)
            former = (entry and entry.picture) or self._promised.get(name)
            if former is None or not former.endswith(ending):
                taken = {each.picture for each in self._entries.values()}
                taken |= set(self._promised.values())
                names = (f"{stem}-{ending}" for stem in numbered(arrival.path.stem))
                former = next(
                    each for each in names if each not in taken and not (self._out / each).exists()
                )
            self._promised[name] = former
        return self._out / former

    def keep(
        self,
        arrival: Arrival,
        picture: Path | None,
        error: str | None = None,
        *,
        passes: bool = False,
    ) -> None:
        """Remember a photo's end.

        Raises:
            CannotSave: The disk refuses.
        """
        version = arrival.version
        entry = Entry(
            version.size_bytes,
            version.modified_ns,
            picture.name if picture else None,
            error,
            passes,
        )
        with self._lock:
            self._entries[arrival.path.name] = entry
            self._promised.pop(arrival.path.name, None)
            self._write()

    def _write(self) -> None:
        photos = {name: asdict(entry) for name, entry in self._entries.items()}
        text = json.dumps({"form": _FORM, "asked": self._asked, "photos": photos}, indent=1)
        path, part = self._out / FILE, self._out / f"{FILE}.part"
        try:
            part.write_text(text)
            part.replace(path)
        except OSError as error:
            raise CannotSave(path, error.strerror or str(error)) from error


def _read(path: Path, asked: dict[str, Any]) -> dict[str, Entry]:
    """Read what was remembered; nothing when there is none, or when other pictures were asked for.

    What failed for reasons that pass is forgotten, so that it is tried again.
    """
    entries: dict[str, Entry] = {}
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        kept = json.loads(path.read_text())
        if kept["form"] != _FORM or kept["asked"] != asked:
            return {}
        for name, value in kept["photos"].items():
            entry = Entry(**value)
            if not entry.passes:
                entries[name] = entry
    return entries
