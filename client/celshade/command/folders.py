"""Folders: which of the files in one are photos."""

import os
from pathlib import Path

from celshade.client.errors import UnusableSettings

# The server goes by content; a folder holds more than photos, so here the name decides.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".heic", ".heif"})


def is_photo_name(name: str) -> bool:
    """Whether a file's name is that of a photo; hidden ones are none."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES


def check_folder(folder: Path) -> None:
    """Make sure that there is a folder.

    Raises:
        UnusableSettings: There is none, or it may not be read.
    """
    try:
        with os.scandir(folder):
            return
    except NotADirectoryError:
        raise UnusableSettings(f"'{folder}' is a file; name a folder.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UnusableSettings(f"The folder '{folder}' cannot be read: {reason}.") from error


def photos_in(folder: Path, *, recursive: bool) -> tuple[list[Path], int]:
    """Find the photos of a folder, sorted by name, and count the other files.

    Hidden folders are passed over.

    Raises:
        UnusableSettings: There is no such folder, or no photo in it.
    """
    check_folder(folder)
    photos: list[Path] = []
    others = 0
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if recursive and not name.startswith("."))
        for name in sorted(names):
            if is_photo_name(name):
                photos.append(Path(where) / name)
            else:
                others += 1
    if not photos:
        more = "" if recursive else " (-r looks into its folders too)"
        raise UnusableSettings(f"There is no photo in '{folder}'{more}.")
    return photos, others
