"""How near two pictures are: PSNR and SSIM.

Source of SSIM and its constants: Wang, Bovik, Sheikh & Simoncelli, "Image Quality Assessment: From
Error Visibility to Structural Similarity", 2004; on luma, with its Gaussian window.
"""

import math
from typing import Final

import numpy as np
import torch

from worker.styles.flow import gaussian_blur

_LUMA: Final = (0.299, 0.587, 0.114)  # ITU-R BT.601
_WINDOW_PX: Final = 1.5
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2


def psnr_db(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures of one shape, dB; infinite if equal."""
    error = np.square(one.astype(np.float64) - other.astype(np.float64)).mean()
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Structural similarity of two uint8 [H, W, 3] pictures: 1 if they are equal."""
    x, y = (torch.from_numpy(picture @ np.array(_LUMA))[None, None] for picture in (one, other))
    mean_x, mean_y = gaussian_blur(x, _WINDOW_PX), gaussian_blur(y, _WINDOW_PX)
    var_x = gaussian_blur(x * x, _WINDOW_PX) - mean_x**2
    var_y = gaussian_blur(y * y, _WINDOW_PX) - mean_y**2
    both = gaussian_blur(x * y, _WINDOW_PX) - mean_x * mean_y
    likeness = (2 * mean_x * mean_y + _C1) * (2 * both + _C2)
    return float((likeness / ((mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2))).mean())
