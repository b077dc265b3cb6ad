"""Untrusted bytes to pixels at work size: the one door by which a photo enters the worker.

What reads the bytes is `worker.images.pixels`, in the calling thread here and in a process that may
be killed in `worker.codecs.pool`, which is what serves. Everything a decoder can do wrong becomes
`DecodeFailed`. What leaves is pixels in sRGB, upright, and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch.nn import functional

from common.errors import DecodeFailed
from common.photos import PhotoLimits
from worker.images.pixels import Bytes, PixelReader, Pixels


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
    """Bring a photo's pixels to work size and into sRGB.

    Args:
        pixels: As a reader gave them; not kept.
        to_srgb: Converts the colours, uint8 [H, W, C], where they are not sRGB yet.
    """
    colours, alpha = _planes(pixels.colours), pixels.alpha
    if alpha is None:
        small, small_alpha = _resize(colours, pixels.size), None
    else:
        small, small_alpha = _resize_with_alpha(colours, _planes(alpha[..., None]), pixels.size)
    if not pixels.is_srgb:
        converted = to_srgb(small.permute(1, 2, 0).contiguous().numpy())
        small = _planes(converted)[0]
    return DecodedPhoto(small.clone(memory_format=torch.contiguous_format), small_alpha)


def _planes(array: Bytes) -> torch.Tensor:
    """See uint8 [H, W, C] as [1, C, H, W], channels last in memory; shares it where it may."""
    if not array.flags.writeable:  # torch warns of what it might write to
        array = array.copy()
    return torch.from_numpy(array).permute(2, 0, 1).unsqueeze(0)


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
