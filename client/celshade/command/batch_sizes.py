"""Batch sizes: how the photos of a folder are divided into batches that the server accepts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from celshade.client.service import Limits

# Upper bound of a photo's multipart headers and boundary, with the longest of names.
_PART_OVERHEAD_BYTES = 1024
# For servers that report no limits.
_DEFAULT_MAX_PHOTOS, _DEFAULT_MAX_BYTES = 100, 500_000_000


@dataclass(frozen=True, slots=True)
class SizedPhoto:
    """A photo and its size."""

    path: Path
    size_bytes: int


def divide_into_batches(photos: Sequence[SizedPhoto], limits: Limits) -> list[list[SizedPhoto]]:
    """Divide photos, in their order, into groups that each fit one batch.

    A photo that is larger than a whole batch gets one of its own, which the server then refuses.
    """
    max_photos = limits.max_batch_photos or _DEFAULT_MAX_PHOTOS
    max_bytes = limits.max_batch_bytes or _DEFAULT_MAX_BYTES
    groups: list[list[SizedPhoto]] = []
    group_bytes = 0
    for photo in photos:
        photo_bytes = photo.size_bytes + _PART_OVERHEAD_BYTES
        is_full = not groups or len(groups[-1]) >= max_photos
        if is_full or group_bytes + photo_bytes > max_bytes - _PART_OVERHEAD_BYTES:
            groups.append([])
            group_bytes = 0
        groups[-1].append(photo)
        group_bytes += photo_bytes
    return groups
