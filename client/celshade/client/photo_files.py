"""Photo files: what may be sent, its size, and its bytes, a chunk at a time."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from celshade.client.errors import PhotoUnreadable

Photo = str | os.PathLike[str] | bytes


@dataclass(frozen=True, slots=True)
class PhotoAt:
    """A photo that the server is to fetch by itself, where its operator has allowed that."""

    url: str


_CHUNK_BYTES = 64 * 1024


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


def size_bytes_of(photo: Photo) -> int:
    """Tell how long a photo is.

    Raises:
        PhotoUnreadable: It cannot be read.
    """
    if isinstance(photo, bytes):
        return len(photo)
    path = Path(photo)
    check_photo(path)
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def chunks_of(photo: Photo, size_bytes: int) -> Iterator[bytes]:
    """Read a photo from its start, a piece at a time.

    Args:
        photo: The photo.
        size_bytes: Its size when the request's Content-Length was computed.

    Raises:
        PhotoUnreadable: Reading fails, or the file is no longer as long as that.
    """
    if isinstance(photo, bytes):
        yield photo
        return
    path, left = Path(photo), size_bytes
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
    except OSError as error:
        raise _unreadable(path, error) from error
    if left != 0:
        raise PhotoUnreadable(path, "It changed while it was being sent.")


def _unreadable(path: Path, error: Exception) -> PhotoUnreadable:
    if isinstance(error, FileNotFoundError):
        return PhotoUnreadable(path, "There is no such file.")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return PhotoUnreadable(path, f"It cannot be read: {reason}.")
