"""The list of photos: what they are, whose, under which licence, and their pixels.

It never fetches anything: that is `fetching`'s.
"""

import bz2
import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from common.errors import ConfigurationError
from training.places import LIST

SPLITS: Final = ("train", "validation")


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that may be used.

    Attributes:
        name: Short name, also of its files.
        package: Where it comes from: `apt:NAME` or `pip:NAME==VERSION`.
        file: Path inside of the package.
        sha256: Of that file.
        author: Whom to name.
        license: As the package states it.
        split: `train`, or `validation` for photos that are never trained on.
        raw: Height, width and channels of a bzip2 file of bare bytes; () for pictures.
    """

    name: str
    package: str
    file: str
    sha256: str
    author: str
    license: str
    split: str
    raw: tuple[int, ...] = ()

    def path_in(self, folder: Path) -> Path:
        """Where the fetched file lies."""
        return folder / f"{self.name}{Path(self.file).suffix}"


def read_list(path: Path = LIST) -> list[Photo]:
    """Read a list of photos.

    Raises:
        ConfigurationError: A photo lacks something, or two have one name.
    """
    photos = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["photo"]:
        try:
            photos.append(Photo(**{**entry, "raw": tuple(entry.get("raw", ()))}))
        except TypeError as error:
            raise ConfigurationError(f"{path}: {entry.get('name', entry)}: {error}") from None
    names = [photo.name for photo in photos]
    if len({*names}) < len(names):
        raise ConfigurationError(f"{path}: two photos have one name.")
    return photos


def verified(photo: Photo, data: bytes) -> bytes:
    """Return the bytes of a photo's file if they are the listed ones.

    Raises:
        ConfigurationError: They are not: the package holds another photo, or it is damaged.
    """
    if hashlib.sha256(data).hexdigest() != photo.sha256:
        raise ConfigurationError(
            f"{photo.name}: {photo.package} holds another '{photo.file}' than the list names."
        )
    return data


def pixels_of(photo: Photo, folder: Path) -> Image.Image:
    """Return a fetched photo, upright and in RGB.

    Raises:
        ConfigurationError: It was not fetched, or is damaged.
    """
    path = photo.path_in(folder)
    if not path.exists():
        raise ConfigurationError(f"{path} is missing: run 'python -m training photos' first.")
    if photo.raw:
        bare = np.frombuffer(bz2.decompress(path.read_bytes()), np.uint8)
        return Image.fromarray(bare.reshape(photo.raw))
    with Image.open(path) as picture:
        return _upright(picture).convert("RGB")


def _upright(picture: Image.Image) -> Image.Image:
    """Undo the camera's turn; transparent parts become white."""
    upright = ImageOps.exif_transpose(picture)
    if upright.mode not in {"RGBA", "LA", "P"}:
        return upright
    paper = Image.new("RGBA", upright.size, "white")
    paper.alpha_composite(upright.convert("RGBA"))
    return paper


def at_size(picture: Image.Image, long_side_px: int) -> np.ndarray:
    """Shrink a picture to a long side, cropped to multiples of 8 pixels; never enlarged.

    Returns:
        uint8 [H, W, 3].
    """
    scale = min(1.0, long_side_px / max(picture.size))
    width, height = (max(8, round(side * scale)) for side in picture.size)
    if scale < 1:
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(picture)[: height // 8 * 8, : width // 8 * 8].copy()
