"""The shapes of a cartoon: what is mottled, hairy or leafy becomes few even patches.

Sources: the filter of Kuwahara et al., "Processing of RI-Angiocardiographic Images", 1976, takes
the calmest of the windows around a pixel; Papari, Petkov & Campisi, "Artistic Edge and Corner
Enhancing Smoothing", 2007, weigh soft windows instead; Kyprianidis, Kang & Doellner, "Image and
Video Abstraction by Anisotropic Kuwahara Filtering", 2009, lay them along the edges. Here the
windows are Gaussians beside the pixel, so that all of them are read from one blurred picture.
Lengths are in units: 1/512 of the picture's long side.
"""

import math
from typing import Final

import torch

from worker.styles.flow import Flow, gaussian_blur

_WINDOWS: Final = 8
_SIGMA: Final = 0.5  # standard deviation of a window, of the distance of its middle
_ALONG: Final = 1.25  # windows reach further along the edges than across them
_CALM: Final = 4.0  # variance, L*a*b*, under which windows are alike
_CHOICE: Final = 3  # power of the variance: how clearly the calmest window wins


def patches(lab: torch.Tensor, flow: Flow, reach_px: float) -> torch.Tensor:
    """Give each pixel the colour of the calmest windows beside it.

    Args:
        lab: float32 [N, 3, H, W], L*a*b*.
        flow: The flow of the same pictures.
        reach_px: Distance of a window's middle from the pixel, pixels.

    Returns:
        float32 [N, 3, H, W], L*a*b*.
    """
    mean = gaussian_blur(lab, _SIGMA * reach_px)
    variance = gaussian_blur(lab.square().sum(1, keepdim=True), _SIGMA * reach_px)
    variance = variance.sub_(mean.square().sum(1, keepdim=True))
    windows = torch.cat((mean, variance), 1)
    total, weights = torch.zeros_like(lab), torch.zeros_like(variance)
    for k in range(_WINDOWS):
        angle = 2 * math.pi * k / _WINDOWS
        beside = flow.along * (_ALONG * math.cos(angle)) + flow.across * math.sin(angle)
        there = flow.beside(windows, beside, reach_px)
        weight = there[:, 3:].clamp_min_(0).div_(_CALM).add_(1).pow_(-_CHOICE)
        total.addcmul_(there[:, :3], weight)
        weights.add_(weight)
    return total.div_(weights)
