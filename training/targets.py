"""What a network shall learn: photos at several sizes, and what its teacher makes of them.

Both are computed once and kept on the disk as bare arrays that are read where they lie. Targets
live under the teacher's digest: another teacher never meets them.
"""

import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image

from training.album import Photo, at_size, pixels_of
from training.teachers import Teacher
from worker.networks.toon_unet import NATIVE_PX

# Every photo is learnt at two common sizes and at one of the others, in turn: all sizes for all
# photos would take an hour of the teacher for little more.
COMMON_PX: Final = (512, 1024)
OTHERS_PX: Final = (256, 384, 768, 1448, 2048)
JUDGED_PX: Final = (512, 1024, 2048)
LARGE_PX: Final = 768  # stands in for 1024 where a photo is smaller
WINDOW_PX: Final = 512  # of a large picture only windows are learnt: the teacher takes seconds
WINDOWS: Final = {1024: 2}  # how many of each picture, where it is not one
AROUND: Final = 16  # what the teacher sees around a window, in its units: 1/512 of the long side


@dataclass(frozen=True, slots=True)
class Pair:
    """A photo at one size, or a window of it, and its teacher's picture of that.

    Attributes:
        name: The photo's.
        long_side_px: Long side of the whole photo, pixels.
        photo: uint8 [H, W, 3].
        lesson: uint8 [H, W, C], as the teacher gives it: the cartoon, and what it is made of.
    """

    name: str
    long_side_px: int
    photo: np.ndarray
    lesson: np.ndarray

    @property
    def cartoon(self) -> np.ndarray:
        """uint8 [H, W, 3]."""
        return self.lesson[..., :3]


def sizes_of(number: int, native_px: int, split: str) -> tuple[int, ...]:
    """Say at which long sides a photo is used.

    Args:
        number: Any number of its own: decides at which of the other sizes it is learnt.
        native_px: Its own long side; it is never enlarged.
        split: `train` or `validation`.

    Returns:
        Long sides, ascending. A validation photo under 512 is judged at its own size.
    """
    if split == "validation":
        return tuple(size for size in JUDGED_PX if size <= native_px) or (native_px,)
    large = LARGE_PX if native_px < COMMON_PX[1] else COMMON_PX[1]
    wanted = {COMMON_PX[0], large, OTHERS_PX[number % len(OTHERS_PX)]}
    return tuple(sorted(size for size in wanted if size <= native_px))


def prepare(
    photos: Sequence[Photo],
    teacher: Teacher,
    folder: Path,
    cache: Path,
    say: Callable[[str], None],
) -> list[Pair]:
    """Make, or find, the pairs of some photos.

    Args:
        photos: Which.
        teacher: Loaded.
        folder: Of the fetched photos.
        cache: Where pairs are kept.
        say: Told what happens, line by line.

    Returns:
        The pairs; their arrays are read from the disk as they are used.
    """
    card = teacher.filter.card
    lessons = cache / f"{card.name}-{card.model_digest[:12]}"
    pairs = []
    for photo in photos:
        # By name, not by place: a longer list changes nothing for the photos it had.
        number = zlib.crc32(photo.name.encode())
        sized = cache / "photos" / photo.name
        native_px = _native_px(photo, folder, sized)
        for size_px in sizes_of(number, native_px, photo.split):
            whole_px = min(size_px, native_px) // 8 * 8
            for window in range(WINDOWS.get(size_px, 1) if photo.split == "train" else 1):
                file = f"{size_px}-{window}.npy"
                source, target = sized / file, lessons / photo.name / file
                if not source.exists() or not target.exists():
                    say(f"{card.name} draws {photo.name} at {size_px}")
                    pixels = at_size(pixels_of(photo, folder), size_px)
                    wholly = photo.split == "validation"
                    inner, outer = _window(pixels.shape, whole_px, (number, window), whole=wholly)
                    _keep(source, pixels[outer][inner])
                    _keep(target, draw(teacher, pixels[outer], whole_px)[inner])
                arrays = (np.load(path, mmap_mode="r") for path in (source, target))
                pairs.append(Pair(photo.name, whole_px, *arrays))
    return pairs


def draw(teacher: Teacher, pixels: np.ndarray, long_side_px: int) -> np.ndarray:
    """Let a teacher draw one photo, or a part of it; uint8 [H, W, 3] in, [H, W, C] out."""
    photo = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None]
    lesson = teacher.lesson(photo, long_side_px)[0].permute(1, 2, 0)
    drawn: np.ndarray = lesson.contiguous().numpy()
    return drawn


def _window(
    shape: tuple[int, ...], long_side_px: int, seed: tuple[int, int], *, whole: bool
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Choose a window of a picture.

    Returns:
        Where the window lies within what the teacher sees of the picture, and where that lies
        within the picture.
    """
    random = np.random.default_rng(seed)
    around = AROUND * long_side_px // NATIVE_PX
    inner, outer = [], []
    for side in shape[:2]:
        length = side if whole else min(side, WINDOW_PX)
        begin = int(random.integers(side - length + 1))
        seen = max(0, begin - around)
        outer.append(slice(seen, min(side, begin + length + around)))
        inner.append(slice(begin - seen, begin - seen + length))
    return tuple(inner), tuple(outer)


def _native_px(photo: Photo, folder: Path, sized: Path) -> int:
    """The long side of a photo as it was fetched."""
    note = sized / "native_px"
    if not note.exists():
        picture: Image.Image = pixels_of(photo, folder)
        sized.mkdir(parents=True, exist_ok=True)
        note.write_text(str(max(picture.size)))
    return int(note.read_text())


def _keep(path: Path, pixels: np.ndarray) -> None:
    """Write an array so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    with partial.open("wb") as file:
        np.save(file, pixels)
    partial.rename(path)
