"""What a submission carries: the photo, its form fields and its headers. Reads the photo's file."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from celshade.errors import PhotoUnreadable

Photo = str | os.PathLike[str] | bytes


def form_fields(values: Mapping[str, str | float | None]) -> dict[str, str]:
    """Write parameters as form fields; what is None is left to the server."""
    return {name: str(value) for name, value in values.items() if value is not None}


def request_headers(
    idempotency_key: str, *, no_cache: bool, cancel_after_s: int | None
) -> dict[str, str]:
    """Write what is said of the submission, not of the picture."""
    headers = {"Idempotency-Key": idempotency_key}
    if no_cache:
        headers["Cache-Control"] = "no-cache"
    if cancel_after_s is not None:
        headers["Cancel-After"] = f"{cancel_after_s}s"
    return headers


@contextmanager
def opened(photo: Photo) -> Iterator[IO[bytes] | bytes]:
    """Open a photo for reading from its start, as often as it is sent.

    Raises:
        PhotoUnreadable: It is not a file that can be read, or reading fails on the way.
    """
    if isinstance(photo, bytes):
        yield photo
        return
    path = Path(photo)
    check_photo(path)
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise _unreadable(path, error) from error


def check_photo(path: Path) -> None:
    """Make sure that a photo can be read, before anything is sent.

    Raises:
        PhotoUnreadable: There is no such file, it is a directory, or it may not be read.
    """
    try:
        if path.is_dir():
            raise PhotoUnreadable(path, "This is a directory; name the photos in it.")
        if path.exists() and not path.is_file():
            raise PhotoUnreadable(path, "This is not a regular file.")
        path.open("rb").close()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> PhotoUnreadable:
    if isinstance(error, FileNotFoundError):
        return PhotoUnreadable(path, "There is no such file.")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return PhotoUnreadable(path, f"It cannot be read: {reason}.")
