"""Untrusted bytes to pixels: everything that runs on what a stranger sent, and nothing else.

The codecs and the colour profiles are here, the resize between them is not: that is ours, on plain
pixels. Raises whatever the bytes make a codec stumble over, or crashes; so it belongs into a
process of its own, and imports no torch, to be small there. Metadata ends here, but for the
orientation: turning costs by the pixel, and there are fewest at work size.
"""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common.photos import Photo, PhotoFormat, PhotoLimits, inspect, open_image, swaps_sides
from common.renders import work_size
from worker.images import heif, turbo
from worker.images.profiles import is_srgb, to_srgb

Bytes = NDArray[np.uint8]
Buffer = bytes | memoryview

_SPARE: Final = 1.5  # a JPEG is decoded to at least this times the work size, so that quality holds


@dataclass(frozen=True, slots=True)
class Pixels:
    """A photo's pixels as its codec gave them, not yet at work size.

    Attributes:
        colours: uint8 [H, W, C]; C is 1 (gray), 3 (RGB) or 4 (CMYK, inverted or not).
        alpha: uint8 [H, W], 0 transparent to 255 opaque; None when all is opaque.
        size: Work size, width and height as stored, not as seen, pixels.
        orientation: EXIF orientation, 1 (upright) to 8.
        is_srgb: Whether the colours are RGB in sRGB; else they go through `PixelReader.to_srgb`
            once they are at work size: a profile costs 50 ns a pixel, and there they are fewest.
    """

    colours: Bytes
    alpha: Bytes | None
    size: tuple[int, int]
    orientation: int
    is_srgb: bool


class PixelReader:
    """Reads one photo at a time. For one thread only.

    Args:
        limits: What is accepted; the header is checked again before anything is decoded.
    """

    def __init__(self, limits: PhotoLimits) -> None:
        heif.register()
        self._limits = limits
        self._mode = "RGB"
        self._profile: bytes | None = None

    def read(self, data: Buffer, long_side_px: int, room: Bytes | None = None) -> Pixels:
        """Decode a photo; raises anything.

        Args:
            data: The file as it was uploaded.
            long_side_px: Long side of the picture to be, pixels; never enlarged.
            room: uint8 [N] into which the colours may be written, where that saves a copy.
        """
        file = io.BytesIO(data)
        photo = inspect(file, self._limits)
        width, height = work_size(photo.width, photo.height, long_side_px)
        size = (height, width) if swaps_sides(photo.orientation) else (width, height)
        with open_image(file, photo.format) as image:
            colours, alpha = self._decode(data, image, photo, size, room)
            self._profile = image.info.get("icc_profile")
        return Pixels(
            colours,
            alpha,
            size,
            photo.orientation,
            self._mode == "RGB" and is_srgb(self._profile),
        )

    def _decode(
        self,
        data: Buffer,
        image: Image.Image,
        photo: Photo,
        size: tuple[int, int],
        room: Bytes | None,
    ) -> tuple[Bytes, Bytes | None]:
        """Decode the first frame: uint8 [H, W, C], and alpha [H, W] where not all is opaque."""
        if photo.format is PhotoFormat.JPEG:
            width, height = (round(side * _SPARE) for side in size)
            image.draft(None, (width, height))
            self._mode = image.mode
            if (colours := turbo.decode(data, image, room)) is not None:
                return colours, None
        if photo.format is PhotoFormat.HEIF:
            heif.load(image, photo)
        else:
            image.load()
        separated, alpha = _separate(image)
        self._mode = separated.mode
        if alpha is None or alpha.getextrema() == (255, 255):
            return _array(separated), None
        return _array(separated), _array(alpha)[..., 0]

    def to_srgb(self, colours: Bytes) -> Bytes:
        """Convert colours of the photo read last, uint8 [H, W, C], to sRGB, uint8 [H, W, 3]."""
        height, width = colours.shape[:2]
        image = Image.frombytes(self._mode, (width, height), colours.tobytes())
        return _array(to_srgb(image, self._profile))


def _separate(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Split an image of any mode into its colours and its alpha.

    Returns:
        An image of mode L, RGB or CMYK, and one of mode L or None. Colours keep their own space, so
        that a profile made for it still fits.
    """
    if image.mode.startswith("I;16"):
        return _eight_bit(image)
    if image.mode in ("L", "RGB", "CMYK") and not image.has_transparency_data:
        return image, None
    if image.mode == "1":
        return image.convert("L"), None
    if image.mode == "LA":
        return image.getchannel("L"), image.getchannel("A")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return rgba.convert("RGB"), rgba.getchannel("A")
    return image.convert("RGB"), None


def _eight_bit(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Round 16-bit gray to 8 bits, which Pillow's own conversion would clip."""
    levels = np.asarray(image).astype(np.uint32)
    gray = Image.fromarray(((levels * 255 + 32767) // 65535).astype(np.uint8))
    transparent = image.info.get("transparency")
    if transparent is None:
        return gray, None
    return gray, Image.fromarray(np.where(levels == transparent, 0, 255).astype(np.uint8))


def _array(image: Image.Image) -> Bytes:
    """Copy an image of 8 bits a channel into uint8 [H, W, C]."""
    width, height = image.size
    return np.asarray(image).reshape(height, width, -1)
