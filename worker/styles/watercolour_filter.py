"""The teacher of the look `watercolour`: thin washes with dark rims on white paper.

Wide, even washes; pigment that gathers at their rims, as it does where water dries; colours lifted
towards the paper; a faint drawing below. Parts and sources are those of `picture_filter`. The rims
follow Bousseau, Kaplan, Thollot & Sillion, "Interactive Watercolor Rendering", 2006: density of
pigment changes what paper lets through.
"""

from typing import Final

import torch

from worker.styles import abstraction, colour, flow, lines
from worker.styles.picture_filter import PictureFilter

_BROAD: Final = 1.3  # washes reach so much further than ink's paint
_PASSES: Final = 2
_TOLERANT: Final = 1.1  # and over so much larger differences of colour
_RIM: Final = 3.0  # standard deviation of what a rim is held against, units
_GATHERED: Final = 1.8  # how much pigment gathers there
_THIN: Final = 0.56  # density of all washes: paper shines through
_CLEAR: Final = 0.05  # density that is taken off everywhere: lights are bare paper
_DARKEST: Final = 0.06  # light that the thickest pigment still reflects
_CHROMA: Final = 1.5
_FAINT: Final = 0.6  # how dark the drawing below is
_SEPIA: Final = (0.30, 0.22, 0.20)  # sRGB of its lines


class WatercolourFilter(PictureFilter):
    """Washes, rims and a faint drawing; float32, pictures of a batch do not touch each other."""

    def __init__(self) -> None:
        super().__init__(
            "watercolour-filter",
            "Watercolour",
            "Thin washes with dark rims over a faint drawing, on white paper.",
            (__file__,),
        )

    def _analyse(self, lab: torch.Tensor, unit_px: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Spread the washes and find the edges, float32 [N, 3, H, W] and [N, 1, H, W]."""
        broad_px = _BROAD * unit_px
        smooth = flow.gaussian_blur(lab, 0.7 * unit_px)
        field = flow.Flow.of(flow.structure_tensor(smooth, 2.0 * broad_px))
        tolerance = abstraction.tolerance(smooth, unit_px)
        once = abstraction.bilateral(lab, field, unit_px, tolerance)
        response = lines.edge_response(once[:, :1], field, max(0.5, 0.7 * unit_px))
        washes = once
        for _ in range(_PASSES):
            washes = abstraction.bilateral(washes, field, broad_px, tolerance * _TOLERANT)
        return washes, response

    def _compose(self, paint: torch.Tensor, response: torch.Tensor, unit_px: float) -> torch.Tensor:
        """Gather pigment at the rims, let the paper through, and draw."""
        lightness = abstraction.quantise(paint[:, :1].clamp(0, 100), unit_px)
        picture = colour.lab_to_srgb(torch.cat((lightness, paint[:, 1:] * _CHROMA), 1))
        density = picture.clamp_min(_DARKEST).log_().neg_()
        around = flow.gaussian_blur(density.mean(1, keepdim=True), _RIM * unit_px)
        rim = (density.mean(1, keepdim=True) - around).clamp_(-0.15, 0.6)
        density = density.mul_(_THIN).sub_(_CLEAR).clamp_(min=0).mul_(1 + _GATHERED * rim)
        drawn = (1 - lines.ink(response)).mul_(_FAINT)
        sepia = drawn.new_tensor(_SEPIA).view(1, 3, 1, 1)
        washes = density.neg_().exp_()
        return torch.lerp(washes, washes * sepia, drawn)
