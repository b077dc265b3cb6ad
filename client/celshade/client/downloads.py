"""Downloads: written to disk whole or not at all, checked against size and SHA-256."""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from celshade.client.errors import CannotSave, DownloadFailed

OnProgress = Callable[[int, int | None], object]


def save(
    chunks: Iterable[bytes],
    path: Path,
    *,
    size_bytes: int | None,
    sha256: str | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Write a file beside its place, check it, then move it there in one step.

    Args:
        chunks: The bytes; what they raise is passed on.
        path: Where it goes; what was there is replaced.
        size_bytes: The length that was promised, checked where it is known.
        sha256: The hex digest that was promised, checked where it is known.
        on_progress: Called with the bytes so far and the total expected.

    Raises:
        DownloadFailed: Fewer or other bytes came than were promised.
        CannotSave: The disk refuses.
    """
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        _write(_with_progress(chunks, size_bytes, on_progress), part, size_bytes, sha256)
        part.replace(path)
    except OSError as error:
        raise CannotSave(path, error.strerror or str(error)) from error
    finally:
        with suppress(OSError):  # moved, or never there
            part.unlink()


def _with_progress(
    chunks: Iterable[bytes], size_bytes: int | None, on_progress: OnProgress | None
) -> Iterable[bytes]:
    if on_progress is None:
        yield from chunks
        return
    received_bytes = 0
    on_progress(received_bytes, size_bytes)
    for chunk in chunks:
        yield chunk
        received_bytes += len(chunk)
        on_progress(received_bytes, size_bytes)


def _write(chunks: Iterable[bytes], part: Path, size_bytes: int | None, sha256: str | None) -> None:
    digest, received_bytes = hashlib.sha256(), 0
    with part.open("xb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            received_bytes += len(chunk)
    if size_bytes not in {None, received_bytes}:
        raise DownloadFailed(
            f"The download did not arrive whole: {received_bytes} of {size_bytes} bytes."
        )
    if sha256 not in {None, digest.hexdigest()}:
        raise DownloadFailed("The download arrived damaged: its SHA-256 is not the one promised.")
