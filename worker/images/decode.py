"""Untrusted bytes to pixels at work size: the one door by which a photo enters the worker.

What reads the bytes is `worker.images.pixels`, in the calling thread here and in a process that may
be killed in `worker.sandbox.pool`, which is what serves. Everything a decoder can do wrong becomes
`DecodeFailed`. What leaves is pixels in sRGB, upright, and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from common.errors import DecodeFailed
from common.photos import PhotoLimits
from worker.images.pixels import Bytes, PixelReader, Pixels

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
        pixels: uint8 [3, H, W] in [0, 255], sRGB, upright; white where fully transparent. The
            three channels of a pixel lie side by side in memory, as codecs have them: from the file
            to the picture no step has to take them apart.
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
    """Decodes in the calling thread: the floor that benchmarks hold the codec processes against.

    Never serves: what crashes or hangs a codec takes this process with it.
    """

    def __init__(self, limits: PhotoLimits) -> None:
        self._limits = limits

    def decode(self, data: bytes, long_side_px: int) -> DecodedPhoto:
        """Decode a photo to its work size; see `Decoder`."""
        reader = PixelReader(self._limits)
        try:
            return at_work_size(reader.read(data, long_side_px), reader.to_srgb)
        except Exception as error:  # codecs raise whatever the bytes make them stumble over
            raise DecodeFailed from error


def at_work_size(pixels: Pixels, to_srgb: Callable[[Bytes], Bytes]) -> DecodedPhoto:
    """Bring a photo's pixels to work size, into sRGB and upright.

    In this order, for each step costs by the pixel and there are fewest at work size.

    Args:
        pixels: As a reader gave them; not kept.
        to_srgb: Converts the colours, uint8 [H, W, C], where they are not sRGB yet; its answer is
            ours to keep.
    """
    if pixels.alpha is None:
        colours, alpha = _resize(pixels.colours, pixels.size), None
    else:
        colours, alpha = _resize_with_alpha(pixels.colours, pixels.alpha, pixels.size)
    if not pixels.is_srgb:
        colours = to_srgb(np.ascontiguousarray(colours))
    colours = _own(_turn_upright(colours, pixels.orientation), pixels.colours)
    if alpha is not None and pixels.alpha is not None:
        alpha = _own(_turn_upright(alpha, pixels.orientation), pixels.alpha)
    return DecodedPhoto(
        torch.from_numpy(colours).permute(2, 0, 1),
        None if alpha is None else torch.from_numpy(alpha),
    )


def _own(array: Bytes, lent: Bytes) -> Bytes:
    """Copy what still lies in lent memory, which the next photo overwrites, or may not be changed.

    Args:
        array: uint8 [H, W] or [H, W, C].
        lent: Where the codec put its pixels.
    """
    is_ours = array.flags.writeable and not np.may_share_memory(array, lent)
    return np.ascontiguousarray(array) if is_ours else array.copy()


def _resize(colours: Bytes, size: tuple[int, int]) -> Bytes:
    """Resize uint8 [H, W, C] to [height, width, C], averaging what falls together."""
    width, height = size
    if colours.shape[:2] == (height, width):
        return colours
    return _as_array(_resize_planes(_as_planes(colours), size))


def _resize_with_alpha(colours: Bytes, alpha: Bytes, size: tuple[int, int]) -> tuple[Bytes, Bytes]:
    """Resize colours weighed by their alpha, so that hidden ones do not bleed into seen ones.

    Args:
        colours: uint8 [H, W, C].
        alpha: uint8 [H, W].
        size: Width and height wanted, pixels.

    Returns:
        uint8 [height, width, C], white where nothing is seen, and uint8 [height, width].
    """
    weight = _as_planes(alpha[..., None]).float()
    seen = _resize_planes(_as_planes(colours) * weight, size)
    weight = _resize_planes(weight, size)
    shown = torch.where(weight > 0, seen / weight.clamp_min(1e-3), 255.0)
    return (
        _as_array(shown.round_().clamp_(0, 255).to(torch.uint8)),
        _as_array(weight.round_().to(torch.uint8))[..., 0],
    )


def _resize_planes(planes: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Resize [1, C, H, W] to [1, C, height, width] of the same type and layout."""
    width, height = size
    if planes.shape[-2:] == (height, width):
        return planes
    return functional.interpolate(planes, (height, width), mode="bilinear", antialias=True)


def _as_planes(array: Bytes) -> torch.Tensor:
    """See uint8 [H, W, C] as [1, C, H, W] in the same memory, where that may be written to.

    The axis of one is put in front, not inserted: only with its full stride does torch know the
    layout for channels last, for which its resize is half as slow again without.
    """
    if not array.flags.writeable:  # torch warns of what it might write to
        array = array.copy()
    return torch.from_numpy(array[None]).permute(0, 3, 1, 2)


def _as_array(planes: torch.Tensor) -> Bytes:
    """See [1, C, H, W] as uint8 [H, W, C]."""
    array: Bytes = planes[0].permute(1, 2, 0).numpy()
    return array


def _turn_upright(array: Bytes, orientation: int) -> Bytes:
    """Turn uint8 [H, W] or [H, W, 3] as its EXIF orientation says."""
    turn = _UPRIGHT.get(orientation)
    if turn is None:
        return array
    return np.asarray(Image.fromarray(np.ascontiguousarray(array)).transpose(turn))
