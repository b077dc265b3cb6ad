"""Pictures to warm, measure and compare with: made up, alike each time, and as dear as photos."""

import torch
from torch.nn import functional

_SHAPES = 12  # soft blobs along a side
_GRAIN = 4.0  # standard deviation, of 255 levels


def pictures(count: int, height: int, width: int) -> list[torch.Tensor]:
    """Pictures with soft shapes and a little grain, as photos have; all noise is dearer than any.

    Returns:
        uint8 [3, height, width] each, the same ones each time, channels together as photos come.
    """
    generator = torch.Generator().manual_seed(count)
    shapes = torch.rand((count, 3, _SHAPES, _SHAPES), generator=generator)
    large = functional.interpolate(shapes, (height, width), mode="bicubic") * 255
    grain = torch.randn(large.shape, generator=generator) * _GRAIN
    levels = (large + grain).clamp_(0, 255).to(torch.uint8)
    return list(levels.contiguous(memory_format=torch.channels_last).unbind())
