"""Where a pupil is: the middle of what is dark between the lids.

Source: find_pupil in modelscope/models/cv/cartoon/utils.py of github.com/modelscope/modelscope
(Apache-2.0): equalise the eye's grey levels, split them by Otsu's method, take the median of what
is dark inside the eye's polygon. Otsu, "A threshold selection method from gray-level histograms",
1979.
"""

import torch

_LEVELS = 256


def find_pupil(picture: torch.Tensor, lids: torch.Tensor) -> tuple[float, float] | None:
    """Find a pupil.

    Args:
        picture: float32 [3, H, W] in [0, 255], RGB.
        lids: float32 [N, 2], x and y of the landmarks around the eye, pixels.

    Returns:
        Its x and y, pixels; None when the landmarks span no area inside of the picture.
    """
    height, width = picture.shape[1:]
    left, top = (int(value) for value in lids.amin(0))
    right, bottom = (int(value) for value in lids.amax(0))
    if top >= bottom or left >= right or top < 0 or left < 0 or bottom > height or right > width:
        return None
    eye = equalise(_grey(picture[:, top:bottom, left:right].cpu()))
    dark = (eye <= otsu_threshold(eye)) & _inside(lids.cpu() - torch.tensor([left, top]), eye)
    rows, columns = torch.nonzero(dark, as_tuple=True)
    if not len(rows):
        return left + (right - left) / 2, top + (bottom - top) / 2
    middle = len(rows) // 2
    return left + float(columns.sort().values[middle]), top + float(rows.sort().values[middle])


def _grey(picture: torch.Tensor) -> torch.Tensor:
    """Weigh the colours by ITU-R BT.601, uint8 [H, W]."""
    red, green, blue = picture.round().unbind(0)
    return (0.299 * red + 0.587 * green + 0.114 * blue).round().to(torch.uint8)


def equalise(grey: torch.Tensor) -> torch.Tensor:
    """Spread grey levels so that each has its share, uint8 of any shape in and out."""
    counts = torch.bincount(grey.flatten().long(), minlength=_LEVELS)
    first = int(torch.nonzero(counts)[0])
    others = grey.numel() - int(counts[first])
    if not others:
        return grey
    sums = counts.cumsum(0) - counts[first]
    levels: torch.Tensor = (sums * (255 / others)).round().clamp_(0, 255).to(torch.uint8)
    return levels[grey.long()]


def otsu_threshold(grey: torch.Tensor) -> int:
    """The level that splits grey levels into two groups that are furthest apart.

    Args:
        grey: uint8, any shape.

    Returns:
        The highest level of the darker group.
    """
    counts = torch.bincount(grey.flatten().long(), minlength=_LEVELS).double()
    levels = torch.arange(_LEVELS, dtype=torch.float64)
    below = counts.cumsum(0)
    above = below[-1] - below
    sums = (counts * levels).cumsum(0)
    apart = sums / below.clamp(min=1) - (sums[-1] - sums) / above.clamp(min=1)
    return int((below * above * apart**2).argmax())


def _inside(polygon: torch.Tensor, eye: torch.Tensor) -> torch.Tensor:
    """Which pixels lie inside of a convex polygon or on its border, bool like `eye`."""
    corners = polygon.trunc()
    rows, columns = (torch.arange(side, dtype=torch.float32) for side in eye.shape)
    left_of = torch.ones(eye.shape, dtype=torch.bool)
    right_of = left_of.clone()
    for (x, y), (next_x, next_y) in zip(corners, corners.roll(-1, 0), strict=True):
        side = (columns - x) * (next_y - y) - (rows.unsqueeze(1) - y) * (next_x - x)
        left_of &= side <= 0
        right_of &= side >= 0
    return left_of | right_of
