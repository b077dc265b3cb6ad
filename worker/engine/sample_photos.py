"""Sample photos to warm, measure and compare with: generated, always the same, costly as photos."""

import torch
from torch.nn import functional

_SHAPES = 12  # soft blobs along a side
_GRAIN = 4.0  # standard deviation, of 255 levels


def sample_photos(count: int, height: int, width: int) -> list[torch.Tensor]:
    """Photos with soft shapes and a little grain; pure noise would cost more than any real photo.

    Returns:
        uint8 [3, height, width] each, the same ones each time, in channels_last as decoded photos.
    """
    generator = torch.Generator().manual_seed(count)
    shapes = torch.rand((count, 3, _SHAPES, _SHAPES), generator=generator)
    large = functional.interpolate(shapes, (height, width), mode="bicubic") * 255
    grain = torch.randn(large.shape, generator=generator) * _GRAIN
    levels = (large + grain).clamp_(0, 255).to(torch.uint8)
    return list(levels.contiguous(memory_format=torch.channels_last).unbind())
