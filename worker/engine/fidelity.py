"""Fidelity: whether a faster way to a cartoon gives the same cartoon. Pure arithmetic."""

import math
from collections.abc import Sequence

import torch

# Two ways to one cartoon may round a level differently; an eye sees none of it.
SAME_LEVELS = 1


def psnr_db(pictures: Sequence[torch.Tensor], others: Sequence[torch.Tensor]) -> float:
    """Peak signal-to-noise ratio of 8-bit pictures, dB; infinite where they are equal.

    Args:
        pictures: uint8 of any shapes.
        others: The same shapes in the same order.
    """
    squares = [
        (a.float() - b.float()).square().mean() for a, b in zip(pictures, others, strict=True)
    ]
    error = torch.stack(squares).mean().item()
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def most_levels(picture: torch.Tensor, other: torch.Tensor) -> int:
    """Largest difference of two 8-bit pictures of one shape, levels."""
    return int((picture.int() - other.int()).abs().max())
