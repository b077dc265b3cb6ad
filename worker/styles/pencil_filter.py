"""The teacher of the look `pencil`: graphite on warm paper, without weights.

Fine lines along the edges; shade where the photo is darker than what lies around it, as the dodged
negative of a darkroom gives it; a light tone below, so that night stays darker than noon. Parts and
sources are those of `picture_filter`; what it draws has no colour of its own.
"""

from typing import Final

import torch

from worker.styles import abstraction, flow, lines
from worker.styles.picture_filter import PictureFilter

_FINE: Final = 0.7  # of ink's line width
_SURROUND: Final = 9.0  # standard deviation of "what lies around it", units
_SHADE: Final = 1.9  # how much darker shade becomes than in the photo
_EVEN: Final = 14.0  # L* that both are raised by: in deep shadow a difference is no form
_TONE: Final = 0.62  # share of the photo's own darkness that stays
_PRESS: Final = 0.82  # how dark the darkest line is: graphite is no ink
_PAPER: Final = (0.985, 0.975, 0.95)  # sRGB
_GRAPHITE: Final = (0.16, 0.16, 0.18)  # sRGB


class PencilFilter(PictureFilter):
    """Lines and shade in graphite; float32, pictures of a batch do not touch each other."""

    def __init__(self) -> None:
        super().__init__(
            "pencil-filter",
            "Pencil",
            "A drawing in graphite on warm paper.",
            (__file__,),
        )

    def _analyse(self, lab: torch.Tensor, unit_px: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Even out the lightness and find fine edges.

        Returns:
            float32 [N, 2, H, W], lightness and what lies around it; float32 [N, 1, H, W], edges.
        """
        smooth = flow.gaussian_blur(lab, 0.7 * unit_px)
        field = flow.Flow.of(flow.structure_tensor(smooth, 2.0 * unit_px))
        tolerance = abstraction.tolerance(smooth, unit_px)
        once = abstraction.bilateral(lab, field, unit_px, tolerance)[:, :1]
        response = lines.edge_response(once, field, max(0.5, _FINE * unit_px))
        around = flow.gaussian_blur(once, _SURROUND * unit_px)
        return torch.cat((once, around), 1), response

    def _compose(self, paint: torch.Tensor, response: torch.Tensor, unit_px: float) -> torch.Tensor:
        """Lay shade, tone and lines on the paper."""
        lightness, around = paint[:, :1].clamp(1, 100), paint[:, 1:2].clamp(1, 100)
        dodged = ((lightness + _EVEN) / (around + _EVEN)).clamp_(max=1).pow_(_SHADE)
        tone = 1 - _TONE * (1 - lightness / 100) ** 2
        line = 1 - _PRESS * (1 - lines.ink(response))
        light = dodged.mul_(tone).mul_(line).clamp_(0, 1)
        paper = light.new_tensor(_PAPER).view(1, 3, 1, 1)
        graphite = light.new_tensor(_GRAPHITE).view(1, 3, 1, 1)
        return torch.lerp(graphite, paper, light)
