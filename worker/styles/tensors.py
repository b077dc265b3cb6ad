"""From photos to the tensors that a bundle's `io` declares, and back to cartoons."""

from typing import Final

import torch
from torch.nn import functional

from worker.bundles.manifest import Interface

_WHITE: Final = 255


def to_network(photos: torch.Tensor, io: Interface) -> torch.Tensor:
    """Pad photos and turn them into a network's input.

    Args:
        photos: uint8 [N, 3, H, W] in [0, 255], RGB.
        io: The network's tensors.

    Returns:
        float32, or uint8 where `io.dtype` says so: [N, 3, H', W'] or [N, H', W', 3] in
        `io.input_range`. N is 1 for the layout HWC, and goes.
    """
    padded = _pad(photos, io)
    if io.channels == "bgr":
        padded = padded.flip(1)
    low, high = io.input_range
    if (low, high) != (0, _WHITE):
        planes = padded.float().mul_((high - low) / _WHITE).add_(low)
    else:
        planes = padded.float() if io.dtype == "float32" else padded
    if io.dtype == "uint8" and planes.dtype != torch.uint8:
        planes = planes.round_().to(torch.uint8)
    if io.layout == "NCHW":
        return planes
    last = planes.permute(0, 2, 3, 1)
    return last if io.layout == "NHWC" else last[0]


def to_cartoons(answer: torch.Tensor, io: Interface, height: int, width: int) -> torch.Tensor:
    """Turn a network's output into cartoons of the photos' size.

    Args:
        answer: Any type, in the layout of `io`, at least as large as the photos.
        io: The network's tensors.
        height: Of the photos, pixels.
        width: Of the photos, pixels.

    Returns:
        uint8 [N, 3, height, width] in [0, 255], RGB.
    """
    if io.layout == "HWC":
        answer = answer.unsqueeze(0)
    planes = answer if io.layout == "NCHW" else answer.permute(0, 3, 1, 2)
    planes = planes[..., :height, :width]
    if io.channels == "bgr":
        planes = planes.flip(1)
    low, high = io.output_range
    levels = planes.float().sub(low).mul_(_WHITE / (high - low))
    return levels.round_().clamp_(0, _WHITE).to(torch.uint8)


def _pad(photos: torch.Tensor, io: Interface) -> torch.Tensor:
    """Pad with white or with the last row and column; reflection is the engine's to do."""
    height, width = photos.shape[-2:]
    below, right = -height % io.multiple_of, -width % io.multiple_of
    if io.pad == "reflect" or not (below or right):
        return photos
    if io.pad == "white":
        return functional.pad(photos, (0, right, 0, below), value=_WHITE)
    # torch repeats borders of floating-point planes only.
    return functional.pad(photos.float(), (0, right, 0, below), mode="replicate").to(photos.dtype)
