"""The paint of a cartoon: even colours with clear steps of light and shade.

Sources: the separable flow-based bilateral filter is that of Kyprianidis & Doellner, "Image
Abstraction by Structure Adaptive Filtering", 2008; the soft luminance quantisation that of
Winnemoeller, Olsen & Gooch, "Real-Time Video Abstraction", 2006, written so that it is continuous;
the guided upsampling that of He & Sun, "Fast Guided Filter", 2015 (Gaussian windows for boxes).
Lengths are in units: 1/512 of the picture's long side, so that all sizes look alike.
"""

import math
from typing import Final

import torch
from torch.nn import functional

from worker.styles.flow import Flow, coherence, gaussian_blur, structure_tensor

_REACH: Final = 3.0  # standard deviation of the bilateral filter in the plane, units
_STEPS: Final = 5  # samples to each side, up to twice _REACH
_TOLERANCE: Final = 5.0  # its standard deviation in colour, L*a*b*: about two visible differences
_TEXTURE_TOLERANCE: Final = 6.0  # what foliage and fur add to it: leaves and hairs run together
_TEXTURE_HALF: Final = 3.0  # disordered slope at which half of that is added, L*a*b* per unit
_TEXTURE_WINDOW: Final = 16.0  # standard deviation of "around", units
_BINS: Final = 8  # steps between black and white
_SOFTEST: Final = 1.0  # sharpness of a step in plain shading: a soft band
_SHARPEST: Final = 5.0  # sharpness of a step on an edge: a clean cut
_SHARPENING: Final = 2.5  # gain of sharpness per L* and unit of gradient
_VIVID: Final = 0.35  # gain of chroma of dull colours: 1.3 on skin
_VIVID_CHROMA: Final = 60.0  # chroma at which half of that gain is left: else oranges turn flat
_NOISE: Final = 0.05  # squared derivative, L*a*b*, that has no direction
_WINDOW: Final = 2.0  # standard deviation of the guided filter's window, units
_FLAT: Final = 25.0  # variance of L* under which the guide is noise to be left out


def texture(lab: torch.Tensor, unit_px: float) -> torch.Tensor:
    """Tell foliage and fur from edges: texture is much slope in many directions.

    Args:
        lab: float32 [N, 3, H, W], L*a*b*, a little smoothed.
        unit_px: 1/512 of the long side, pixels.

    Returns:
        float32 [N, 1, H, W] from 0 (plain, or one clean edge) to 1.
    """
    tensor = structure_tensor(lab, _TEXTURE_WINDOW * unit_px)
    slope = (tensor[:, :1] + tensor[:, 1:2]).sqrt_().mul_(unit_px)
    disordered = slope.mul_((1 - coherence(tensor, _NOISE)).square_())
    return disordered.square_().div_(disordered.add(_TEXTURE_HALF**2))


def tolerance(lab: torch.Tensor, unit_px: float) -> torch.Tensor:
    """Say how far colours may lie apart and still run together: further in foliage and fur.

    Args:
        lab: float32 [N, 3, H, W], L*a*b*, a little smoothed.
        unit_px: 1/512 of the long side, pixels.

    Returns:
        float32 [N, 1, H, W], standard deviation in L*a*b*.
    """
    return texture(lab, unit_px).mul_(_TEXTURE_TOLERANCE).add_(_TOLERANCE)


def _bilateral_pass(
    lab: torch.Tensor,
    flow: Flow,
    direction: torch.Tensor,
    unit_px: float,
    sharpness: torch.Tensor,
) -> torch.Tensor:
    """Filter along one direction only; sharpness is -0.5 / tolerance squared."""
    total = lab.clone()
    weights = torch.ones_like(lab[:, :1])
    step = 2 * _REACH / _STEPS
    for k in range(1, _STEPS + 1):
        nearness = math.exp(-0.5 * (k * step / _REACH) ** 2)
        for sign in (1, -1):
            there = flow.beside(lab, direction, sign * k * step * unit_px)
            difference = (there - lab).square_().sum(1, keepdim=True)
            weight = difference.mul_(sharpness).exp_().mul_(nearness)
            total.addcmul_(there, weight)
            weights.add_(weight)
    return total.div_(weights)


def bilateral(
    lab: torch.Tensor, flow: Flow, unit_px: float, tolerance: torch.Tensor
) -> torch.Tensor:
    """Even out colours inside of edges: one pass across the flow, one along it.

    Args:
        lab: float32 [N, 3, H, W], L*a*b*.
        flow: The flow of the same pictures.
        unit_px: 1/512 of the long side, pixels.
        tolerance: float32 [N, 1, H, W], as `tolerance` returns it.

    Returns:
        float32 [N, 3, H, W], L*a*b*.
    """
    sharpness = -0.5 / tolerance.square()
    across = _bilateral_pass(lab, flow, flow.across, unit_px, sharpness)
    return _bilateral_pass(across, flow, flow.along, unit_px, sharpness)


def upsample_guided(
    planes: torch.Tensor, small_guide: torch.Tensor, guide: torch.Tensor, unit_px: float
) -> torch.Tensor:
    """Enlarge planes so that their edges follow those of a guide at full size.

    Args:
        planes: float32 [N, C, h, w].
        small_guide: float32 [N, 1, h, w], lightness in [0, 100] at the size of the planes.
        guide: float32 [N, 1, H, W], the same lightness at full size.
        unit_px: 1/512 of the long side of the planes, pixels.

    Returns:
        float32 [N, C, H, W].
    """
    window = _WINDOW * unit_px
    mean_guide, mean = gaussian_blur(small_guide, window), gaussian_blur(planes, window)
    covariance = gaussian_blur(small_guide * planes, window).sub_(mean_guide * mean)
    variance = gaussian_blur(small_guide * small_guide, window).sub_(mean_guide * mean_guide)
    slope = covariance.div_(variance.clamp_min_(0).add_(_FLAT))
    line = gaussian_blur(torch.cat((slope, mean - slope * mean_guide), 1), window)
    slope, offset = functional.interpolate(line, guide.shape[-2:], mode="bilinear").chunk(2, 1)
    return torch.addcmul(offset, slope, guide)


def quantise(lightness: torch.Tensor, unit_px: float) -> torch.Tensor:
    """Gather lightness in steps: soft bands in plain shading, clean cuts on edges.

    Between the middles of two neighbouring steps the curve is w/2 * tanh(s u) / tanh(s), where u in
    [-1, 1] runs from one middle to the other: a straight line for s -> 0, a cut for large s, and
    without a jump for any s, also where s changes from pixel to pixel.

    Args:
        lightness: float32 [N, 1, H, W] in [0, 100].
        unit_px: 1/512 of the long side, pixels.

    Returns:
        float32 [N, 1, H, W] in [0, 100].
    """
    smooth = gaussian_blur(lightness, unit_px)
    padded = functional.pad(smooth, (0, 1, 0, 1), mode="replicate")
    gradient = torch.hypot(padded[:, :, :-1].diff(dim=-1), padded[..., :-1].diff(dim=-2))
    sharpness = gradient.mul_(unit_px * _SHARPENING).add_(_SOFTEST).clamp_(max=_SHARPEST)
    width = 100 / _BINS
    cut = (lightness / width - 0.5).round_().add_(0.5).mul_(width)
    u = (lightness - cut).mul_(2 / width)
    return cut.add_(u.mul_(sharpness).tanh_().div_(sharpness.tanh()), alpha=width / 2)


def enliven(chroma: torch.Tensor, gain: float = _VIVID) -> torch.Tensor:
    """Strengthen dull colours more than vivid ones.

    Args:
        chroma: float32 [N, 2, H, W], a* and b*.
        gain: What the dullest gain.

    Returns:
        float32 [N, 2, H, W].
    """
    squared = chroma.square().sum(1, keepdim=True)
    return chroma * (1 + gain / (1 + squared / _VIVID_CHROMA**2))
