"""The guided filter: keeps of a drawing what goes along with the photo's own edges.

Source: He, Sun & Tang, "Guided Image Filtering", 2013, each channel guided by the same channel of
the photo; windows at the border hold only what is inside of the picture.
"""

import torch
from torch.nn import functional


def guided_filter(
    photos: torch.Tensor, drawings: torch.Tensor, *, radius_px: int, epsilon: float
) -> torch.Tensor:
    """Smooth drawings along the edges of photos.

    Args:
        photos: float32 [N, C, H, W], the guide. Variances are differences of large numbers: half
            precision would drown them in rounding.
        drawings: float32, of the same shape.
        radius_px: Windows have a side of twice this and one.
        epsilon: Variance of the guide under which a window is taken to be flat.

    Returns:
        float32, of the same shape.
    """

    def mean(planes: torch.Tensor) -> torch.Tensor:
        return functional.avg_pool2d(
            planes, 2 * radius_px + 1, stride=1, padding=radius_px, count_include_pad=False
        )

    mean_photo, mean_drawing = mean(photos), mean(drawings)
    covariance = mean(photos * drawings).sub_(mean_photo * mean_drawing)
    variance = mean(photos * photos).sub_(mean_photo * mean_photo)
    gain = covariance.div_(variance.add_(epsilon))
    offset = mean_drawing.sub_(gain * mean_photo)
    return mean(gain).mul_(photos).add_(mean(offset))
