"""Scaling by area: each pixel becomes the mean of what it covers, as OpenCV's INTER_AREA does.

It is exact both ways: enlarged, a pixel covers a part of one or of two.
"""

import torch


def resize(planes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Scale planes.

    Args:
        planes: float32 [C, H, W].
        height: Wanted, pixels.
        width: Wanted, pixels.

    Returns:
        float32 [C, height, width].
    """
    rows = _shares(planes.shape[1], height, planes.device)
    columns = _shares(planes.shape[2], width, planes.device)
    return rows @ (planes @ columns.T)


def _shares(side: int, wanted: int, device: torch.device) -> torch.Tensor:
    """How much each pixel that is there gives to each that is wanted, float32 [wanted, side]."""
    scale = side / wanted
    # In double precision: the edges of pixels meet exactly, or a sliver of a neighbour gets in.
    begins = torch.arange(wanted, dtype=torch.float64, device=device).unsqueeze(1) * scale
    pixels = torch.arange(side, dtype=torch.float64, device=device)
    covered = torch.minimum(begins + scale, pixels + 1) - torch.maximum(begins, pixels)
    return (covered.clamp_(min=0) / scale).float()
