"""Names of the pictures on disk: `<stem>-<style>.<ext>`, one for each photo of a run.

Nothing the server says becomes a path, and no photo of the run is ever overwritten.
"""

import os
import re
import threading
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from celshade.client.jobs import Job

_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class Names:
    """Gives each photo of a run a place of its own; may be shared by threads.

    Args:
        out: Directory of the pictures.
        photos: The photos of the run, each once.
    """

    def __init__(self, out: Path, photos: Sequence[Path]) -> None:
        self._out = out
        self._stems = distinct_stems(photos)
        self._taken = {_fold(photo) for photo in photos}
        self._lock = threading.Lock()

    def place(self, photo: Path, job: Job) -> Path:
        """Choose where a photo's picture goes; asking twice gives two places."""
        ending = ending_of(job)
        places = (self._out / f"{stem}-{ending}" for stem in numbered(self._stems[photo]))
        with self._lock:
            place = next(place for place in places if _fold(place) not in self._taken)
            self._taken.add(_fold(place))
        return place


def distinct(photos: Sequence[Path]) -> list[Path]:
    """Drop what names the same file again, order kept."""
    first: dict[str, Path] = {}
    for photo in photos:
        first.setdefault(os.path.abspath(photo), photo)
    return list(first.values())


def distinct_stems(photos: Sequence[Path]) -> dict[Path, str]:
    """Give each photo a stem of its own, whatever their order of arrival.

    The first photo of a stem keeps it; the others get the first free number: `a.jpg`, `a.png` and
    `b/a.jpg` become `a`, `a-2` and `a-3`. Case does not tell names apart: on many disks it cannot.
    """
    taken: set[str] = {photo.stem.casefold() for photo in photos}
    stems: dict[Path, str] = {}
    first: set[str] = set()
    for photo in photos:
        stem = photo.stem
        if stem.casefold() in first:
            stem = next(name for name in numbered(stem) if name.casefold() not in taken)
            taken.add(stem.casefold())
        first.add(stem.casefold())
        stems[photo] = stem
    return stems


def ending_of(job: Job) -> str:
    """Write what follows the photo's stem: `STYLE.EXT`."""
    return f"{_tame(job.style or 'cartoon')}.{_extension(job)}"


def numbered(stem: str) -> Iterator[str]:
    """Yield a stem, then the same with 2, 3 and so on behind it."""
    yield stem
    yield from (f"{stem}-{number}" for number in count(2))


def _fold(path: Path) -> str:
    """Write a path so that two names of one file are one text, links and case included."""
    return os.path.realpath(path).casefold()


def _extension(job: Job) -> str:
    kind = job.output.content_type if job.output else ""
    return _EXTENSIONS.get(kind) or _tame(kind.rpartition("/")[2] or "bin")


def _tame(text: str) -> str:
    """Keep of a server's word what is harmless in a file name."""
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower())[:40].strip("-") or "cartoon"
