"""The ink of a cartoon: lines along the edges, as a pen would draw them.

Sources: differences of Gaussians across the flow, integrated along it, are those of Kang, Lee &
Chui, "Flow-Based Image Abstraction", 2009; the soft threshold that of Winnemoeller, Kyprianidis &
Olsen, "XDoG: An eXtended Difference-of-Gaussians Compendium", 2012. Lengths are in units: 1/512 of
the picture's long side, so that a line looks alike at all sizes.
"""

import math
from dataclasses import dataclass
from typing import Final

import torch

from worker.styles.flow import Flow, coherence, gaussian_blur, structure_tensor

_SURROUND: Final = 1.6  # ratio of surround to centre: the one that comes near a Laplacian
_BALANCE: Final = 0.98  # weight of the surround: what it lacks of 1 keeps flat paint free of ink
_ACROSS_STEPS: Final = 6  # samples to each side, up to 2.5 standard deviations of the surround
_ALONG_STEPS: Final = 8  # samples each way, up to twice the length
_TEXTURE_WINDOW: Final = 8.0  # standard deviation of "around", units
_DIRECTION_WINDOW: Final = 5.0  # standard deviation in which edges should share a direction, units
_NOISE: Final = 0.05  # squared derivative of L* that is no edge


@dataclass(frozen=True, slots=True)
class Pen:
    """How lines are drawn.

    Attributes:
        width: Standard deviation of the centre Gaussian, units: half the width of a line.
        length: Standard deviation along the line, units.
        threshold: Response at which ink begins, L*.
        sharpness: How fast it darkens below, per L*.
        gate: How much the texture around raises the threshold.
    """

    width: float
    length: float
    threshold: float
    sharpness: float
    gate: float


FINE: Final = Pen(width=1.0, length=4.0, threshold=-0.35, sharpness=1.3, gate=3.0)


def _across(lightness: torch.Tensor, flow: Flow, unit_px: float, width: float) -> torch.Tensor:
    """Take the difference of two Gaussians across the flow."""
    surround = width * _SURROUND
    centre_sum, surround_sum = lightness.clone(), lightness.clone()
    centre_total = surround_total = 1.0
    for k in range(1, _ACROSS_STEPS + 1):
        offset = k * 2.5 * surround / _ACROSS_STEPS
        centre_weight = math.exp(-0.5 * (offset / width) ** 2)
        surround_weight = math.exp(-0.5 * (offset / surround) ** 2)
        pair = flow.beside(lightness, flow.across, offset * unit_px)
        pair.add_(flow.beside(lightness, flow.across, -offset * unit_px))
        centre_sum.add_(pair, alpha=centre_weight)
        surround_sum.add_(pair, alpha=surround_weight)
        centre_total += 2 * centre_weight
        surround_total += 2 * surround_weight
    return centre_sum.div_(centre_total).sub_(surround_sum, alpha=_BALANCE / surround_total)


def along(planes: torch.Tensor, flow: Flow, unit_px: float, length: float) -> torch.Tensor:
    """Average along the curved flow lines, so that dashes join to strokes."""
    total, weights = planes.clone(), 1.0
    step = 2 * length / _ALONG_STEPS
    for sign in (1, -1):
        steps = flow.downstream(planes, step * unit_px, _ALONG_STEPS, sign)
        for k, there in enumerate(steps, start=1):
            weight = math.exp(-0.5 * (k * step / length) ** 2)
            total.add_(there, alpha=weight)
            weights += weight
    return total.div_(weights)


def edge_response(
    lightness: torch.Tensor, flow: Flow, unit_px: float, pen: Pen = FINE
) -> torch.Tensor:
    """Tell where the dark side of an edge is; in foliage and fur, only of the strong ones.

    Texture is much response around in many directions: there the response is raised towards "no
    line". A single clean edge, however strong, has one direction and stays.

    Args:
        lightness: float32 [N, 1, H, W], L* in [0, 100], after one bilateral filter.
        flow: The flow of the same pictures.
        unit_px: 1/512 of the long side, pixels.
        pen: How lines are drawn.

    Returns:
        float32 [N, 1, H, W], L*: negative on the dark side of an edge. It has no detail finer than
        a line's width, so it may be enlarged before `ink`.
    """
    response = _across(gaussian_blur(lightness, 0.5 * unit_px), flow, unit_px, pen.width)
    response = along(response, flow, unit_px, pen.length)
    tensor = structure_tensor(lightness, _DIRECTION_WINDOW * unit_px)
    disorder = 1 - coherence(tensor, _NOISE)
    texture = gaussian_blur(response.clamp(max=0).neg_(), _TEXTURE_WINDOW * unit_px)
    return response.addcmul_(texture, disorder, value=pen.gate)


def ink(response: torch.Tensor, pen: Pen = FINE) -> torch.Tensor:
    """Turn an edge response into what a drawn line leaves of the light below it.

    Args:
        response: float32 [N, 1, H, W], as `edge_response` returns it, at any size.
        pen: The same.

    Returns:
        float32 [N, 1, H, W] from 0 (ink) to 1 (paper).
    """
    below = (response - pen.threshold).clamp_(max=0)
    return below.mul_(pen.sharpness).tanh_().add_(1)
