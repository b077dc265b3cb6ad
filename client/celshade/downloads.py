"""Writes a picture to disk whole or not at all, after holding it against what was promised."""

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from celshade.errors import CannotSave, DownloadFailed
from celshade.jobs import Output


def save(chunks: Iterable[bytes], path: Path, promised: Output) -> None:
    """Write a picture beside its place, check it, then move it there in one step.

    Args:
        chunks: The picture's bytes; what they raise is passed on.
        path: Where it goes; what was there is replaced.
        promised: Its size and SHA-256, each checked where it is known.

    Raises:
        DownloadFailed: Fewer or other bytes came than were promised.
        CannotSave: The disk refuses.
    """
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        _write(chunks, part, promised)
        part.replace(path)
    except OSError as error:
        raise CannotSave(path, error.strerror or str(error)) from error
    finally:
        with suppress(OSError):  # moved, or never there
            part.unlink()


def _write(chunks: Iterable[bytes], part: Path, promised: Output) -> None:
    digest, size_bytes = hashlib.sha256(), 0
    with part.open("xb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size_bytes += len(chunk)
    if promised.size_bytes not in {None, size_bytes}:
        raise DownloadFailed(
            f"The picture did not arrive whole: {size_bytes} of {promised.size_bytes} bytes."
        )
    if promised.sha256 not in {None, digest.hexdigest()}:
        raise DownloadFailed("The picture arrived damaged: its SHA-256 is not the one promised.")
