"""Untrusted bytes to pixels at work size: the one door by which a photo enters the worker.

Everything a decoder can do wrong becomes `DecodeFailed` here. Metadata ends here too: what leaves
is pixels in sRGB, upright, and nothing else.
"""

import io
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from common.errors import DecodeFailed
from common.photos import (
    Photo,
    PhotoLimits,
    inspect,
    open_image,
    swaps_sides,
)
from common.renders import work_size
from worker.images.profiles import to_srgb

_SPARE: Final = 1.5  # a JPEG is decoded to at least this times the work size, so that quality holds
_UPRIGHT: Final = {  # EXIF 2.32, tag 0x0112: what makes the stored picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class DecodedPhoto:
    """A photo at work size.

    Attributes:
        pixels: uint8 [3, H, W] in [0, 255], sRGB, upright; white where fully transparent.
        alpha: uint8 [H, W], 0 transparent to 255 opaque; None when all is opaque.
    """

    pixels: torch.Tensor
    alpha: torch.Tensor | None = None


class Decoder(Protocol):
    """Turns uploaded bytes into pixels. Safe to use from several threads."""

    def decode(self, data: bytes, long_side_px: int) -> DecodedPhoto:
        """Decode a photo to its work size, `common.renders.work_size` of its upright sides.

        Args:
            data: The file as it was uploaded.
            long_side_px: Long side of the result, pixels; a smaller photo keeps its own.

        Raises:
            DecodeFailed: It is not a photo we take, or its pixels are damaged.
        """


class InProcessDecoder:
    """Decodes in the calling thread; what crashes or hangs a codec takes the process with it."""

    def __init__(self, limits: PhotoLimits) -> None:
        self._limits = limits

    def decode(self, data: bytes, long_side_px: int) -> DecodedPhoto:
        """Decode a photo to its work size; see `Decoder`."""
        try:
            return _decode(data, long_side_px, self._limits)
        except Exception as error:  # codecs raise whatever the bytes make them stumble over
            raise DecodeFailed from error


def _decode(data: bytes, long_side_px: int, limits: PhotoLimits) -> DecodedPhoto:
    """Do the work of `decode`; raises anything."""
    file = io.BytesIO(data)
    photo = inspect(file, limits)
    size = work_size(photo.width, photo.height, long_side_px)
    with open_image(file, photo.format) as image:
        colour, alpha = _separate(_load_upright(image, photo, size))
        profile = image.info.get("icc_profile")
    if alpha is None or alpha.getextrema() == (255, 255):
        planes, alpha_plane = _resize(_planes(colour), size), None
    else:
        planes, alpha_plane = _resize_with_alpha(_planes(colour), _planes(alpha), size)
    # Colours are converted last: a profile costs 50 ns a pixel, and here they are fewest.
    small = Image.frombytes(colour.mode, size, planes.permute(1, 2, 0).numpy().tobytes())
    return DecodedPhoto(_planes(to_srgb(small, profile))[0].contiguous(), alpha_plane)


def _load_upright(image: Image.Image, photo: Photo, size: tuple[int, int]) -> Image.Image:
    """Decode the first frame, a JPEG only to about the size needed, and turn it upright."""
    width, height = (side * _SPARE for side in size)
    if swaps_sides(photo.orientation):
        width, height = height, width
    image.draft(None, (round(width), round(height)))  # a no-op except for JPEG
    image.load()
    turn = _UPRIGHT.get(photo.orientation)
    return image if turn is None else image.transpose(turn)


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


def _planes(image: Image.Image) -> torch.Tensor:
    """Copy an image of 8 bits a channel into uint8 [1, C, H, W], channels last in memory."""
    array = np.array(image)
    return torch.from_numpy(array.reshape(*array.shape[:2], -1)).permute(2, 0, 1).unsqueeze(0)


def _resize(planes: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Resize [1, C, H, W] to [C, height, width] of the same type, averaging what falls together."""
    width, height = size
    if planes.shape[-2:] != (height, width):
        planes = functional.interpolate(planes, (height, width), mode="bilinear", antialias=True)
    return planes[0]


def _resize_with_alpha(
    planes: torch.Tensor, alpha: torch.Tensor, size: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Resize colours weighed by their alpha, so that hidden ones do not bleed into seen ones.

    Args:
        planes: uint8 [1, C, H, W].
        alpha: uint8 [1, 1, H, W].
        size: Width and height wanted, pixels.

    Returns:
        uint8 [C, height, width], white where nothing is seen, and uint8 [height, width].
    """
    weight = alpha.float()
    seen = _resize(planes * weight, size)
    weight = _resize(weight, size)
    colours = torch.where(weight > 0, seen / weight.clamp_min(1e-3), 255.0)
    return (
        colours.round_().clamp_(0, 255).to(torch.uint8),
        weight[0].round().to(torch.uint8),
    )
