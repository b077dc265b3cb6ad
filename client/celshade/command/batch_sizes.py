"""Loads: how the photos of a folder are divided into batches that the server takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from celshade.client.service import Limits

# What a photo's head and end take in the form, generously, with the longest of names.
_HEAD_BYTES = 1024
# For servers that do not tell.
_PHOTOS, _BYTES = 100, 500_000_000


@dataclass(frozen=True, slots=True)
class Sized:
    """A photo and its length."""

    path: Path
    size_bytes: int


def divide(photos: Sequence[Sized], limits: Limits) -> list[list[Sized]]:
    """Divide photos, in their order, into loads of as many as one batch may hold.

    A photo that is larger than a whole batch gets one of its own; the server says what it thinks.
    """
    most_photos = limits.max_batch_photos or _PHOTOS
    most_bytes = limits.max_batch_bytes or _BYTES
    loads: list[list[Sized]] = []
    load_bytes = 0
    for photo in photos:
        photo_bytes = photo.size_bytes + _HEAD_BYTES
        is_full = not loads or len(loads[-1]) >= most_photos
        if is_full or load_bytes + photo_bytes > most_bytes - _HEAD_BYTES:
            loads.append([])
            load_bytes = 0
        loads[-1].append(photo)
        load_bytes += photo_bytes
    return loads
