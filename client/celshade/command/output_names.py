"""Output names of the pictures on disk: `<stem>-<style>.<ext>`, one for each photo of a run.

No text of the server becomes a path, and no photo of the run is ever overwritten.
"""

import os
import re
import threading
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from celshade.client.jobs import Job

_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class OutputNames:
    """Gives each photo of a run a path of its own; may be shared by threads.

    Args:
        out: Directory of the pictures.
        photos: The photos of the run, each once.
    """

    def __init__(self, out: Path, photos: Sequence[Path]) -> None:
        self._out = out
        self._stems = unique_stems(photos)
        self._taken = {_normalized(photo) for photo in photos}
        self._lock = threading.Lock()

    def choose_path(self, photo: Path, job: Job) -> Path:
        """Choose where a photo's picture goes; asking twice gives two paths."""
        ending = name_suffix(job)
        paths = (self._out / f"{stem}-{ending}" for stem in numbered_stems(self._stems[photo]))
        with self._lock:
            path = next(path for path in paths if _normalized(path) not in self._taken)
            self._taken.add(_normalized(path))
        return path


def without_duplicates(photos: Sequence[Path]) -> list[Path]:
    """Drop what names the same file again, order kept."""
    first: dict[str, Path] = {}
    for photo in photos:
        first.setdefault(os.path.abspath(photo), photo)
    return list(first.values())


def unique_stems(photos: Sequence[Path]) -> dict[Path, str]:
    """Give each photo a stem of its own, whatever their order of arrival.

    The first photo of a stem keeps it; the others get the first free number: `a.jpg`, `a.png` and
    `b/a.jpg` become `a`, `a-2` and `a-3`. Names are compared without regard to
    case, as many file systems do.
    """
    taken: set[str] = {photo.stem.casefold() for photo in photos}
    stems: dict[Path, str] = {}
    first: set[str] = set()
    for photo in photos:
        stem = photo.stem
        if stem.casefold() in first:
            stem = next(name for name in numbered_stems(stem) if name.casefold() not in taken)
            taken.add(stem.casefold())
        first.add(stem.casefold())
        stems[photo] = stem
    return stems


def name_suffix(job: Job) -> str:
    """Write what follows the photo's stem: `STYLE.EXT`."""
    return f"{_safe_name(job.style or 'cartoon')}.{_extension(job)}"


def numbered_stems(stem: str) -> Iterator[str]:
    """Yield a stem, then the same with 2, 3 and so on behind it."""
    yield stem
    yield from (f"{stem}-{number}" for number in count(2))


def _normalized(path: Path) -> str:
    """Write a path so that two names of one file are one text, links and case included."""
    return os.path.realpath(path).casefold()


def _extension(job: Job) -> str:
    kind = job.output.content_type if job.output else ""
    return _EXTENSIONS.get(kind) or _safe_name(kind.rpartition("/")[2] or "bin")


def _safe_name(text: str) -> str:
    """Keep of a server's text what is safe in a file name."""
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower())[:40].strip("-") or "cartoon"
