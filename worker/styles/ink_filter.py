"""The built-in style `ink-filter`: classical image abstraction, without weights.

A cel: patches of even, rich colour, few steps of light, and bold lines along the edges. `ink`
learns from it; both share the ending, `worker.networks.cel`.
"""

from typing import Final

import torch
from torch.nn import functional

from worker.networks import cel
from worker.styles import abstraction, colour, flow, lines, shapes
from worker.styles.picture_filter import PictureFilter

_FLOW_PRESMOOTH: Final = 0.7  # standard deviation before derivatives are taken, units
_FLOW_SMOOTH: Final = 2.5  # standard deviation of the structure tensor, units
_TOLERANCE: Final = 4.5  # of the bilateral filter, L*a*b*
_TEXTURE_TOLERANCE: Final = 6.0  # what foliage and fur add to it
_TEXTURE_FROM: Final = 0.5  # a small face has as many edges as thin fur, and must keep its eyes
_SMALL: Final = 1.0  # reach of the patches where edges are clean, units
_LARGE: Final = 5.0  # in foliage and fur, units
_WIDE: Final = 1.5  # the last bilateral passes reach so much further
_WIDE_PASSES: Final = 2
_VIVID: Final = 0.5  # gain of chroma of dull colours
# Outlines of the patches; and eyes, mouths and other features, which are finer than any patch.
_BOLD: Final = lines.Pen(width=1.3, length=5.0, threshold=-0.35, sharpness=1.0, gate=3.0)
_FINE: Final = lines.Pen(width=0.9, length=4.0, threshold=-0.35, sharpness=1.0, gate=3.0)
_STROKE: Final = 2.0  # standard deviation along which a line's darkness is evened out, units
_LONG_STROKE: Final = 10.0  # the same in foliage and fur: dashes pale there, long lines stay
# Textures at which strokes begin to be long, and at which all are. A small face is textured too:
# its eyes and mouth are dark enough.
_LONG_FROM: Final = 0.4
_LONG_AT: Final = 0.65
_RIM: Final = 0.6  # standard deviation of the softness of a patch's rim, units
_SOFT_RIM: Final = 2.5  # in foliage and fur: where a patch ends there is chance


class InkFilter(PictureFilter):
    """Even colours, steps of light and shade, and ink lines along the edges."""

    def __init__(self) -> None:
        super().__init__(
            "ink-filter",
            "Ink",
            "Bold ink lines over few even colours, like a drawn comic.",
            (__file__, shapes.__file__, cel.__file__),
        )

    @torch.inference_mode()
    def parts(self, photos: torch.Tensor, long_side_px: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw all but the ending, for a network to learn.

        Args:
            photos: uint8 [N, 3, H, W] in [0, 255], sRGB; any sides.
            long_side_px: Long side of the whole photo, pixels.

        Returns:
            What `cel.finish` takes: paint, float32 [N, 3, H, W], and line, float32 [N, 1, H, W].
        """
        return self._coloured(*self.planes(photos, long_side_px))

    def _analyse(self, lab: torch.Tensor, unit_px: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Gather colours in patches and draw lines around them."""
        smooth = flow.gaussian_blur(lab, _FLOW_PRESMOOTH * unit_px)
        field = flow.Flow.of(flow.structure_tensor(smooth, _FLOW_SMOOTH * unit_px))
        textured = abstraction.texture(smooth, unit_px)
        long = ((textured - _LONG_FROM) / (_LONG_AT - _LONG_FROM)).clamp_(0, 1)
        textured = textured.sub_(_TEXTURE_FROM).div_(1 - _TEXTURE_FROM).clamp_(min=0)
        tolerance = textured * _TEXTURE_TOLERANCE + _TOLERANCE
        paint = abstraction.bilateral(lab, field, unit_px, tolerance)
        features = self._line(paint, field, unit_px, _FINE, long)
        large = shapes.patches(paint, field, _LARGE * unit_px)
        small = shapes.patches(paint, field, _SMALL * unit_px)
        paint = torch.lerp(small, large, textured)
        # The flow of the patches: that of the photo still knows each hair.
        field = flow.Flow.of(flow.structure_tensor(paint, _FLOW_SMOOTH * unit_px))
        paint = abstraction.bilateral(paint, field, unit_px, tolerance)
        outlines = self._line(paint, field, unit_px, _BOLD, long)
        for _ in range(_WIDE_PASSES):
            paint = abstraction.bilateral(paint, field, _WIDE * unit_px, tolerance)
        crisp = flow.gaussian_blur(paint, _RIM * unit_px)
        paint = torch.lerp(crisp, flow.gaussian_blur(paint, _SOFT_RIM * unit_px), textured)
        return paint, torch.maximum(features, outlines)

    @staticmethod
    def _line(
        paint: torch.Tensor,
        field: flow.Flow,
        unit_px: float,
        pen: lines.Pen,
        long: torch.Tensor,
    ) -> torch.Tensor:
        """Draw with a pen, in long strokes only where `long` [N, 1, H, W] is 1.

        Returns:
            float32 [N, 1, H, W] in [0, 1], as `cel.finish` takes it.
        """
        response = lines.edge_response(paint[:, :1], field, unit_px, pen)
        line = (pen.threshold - response).mul_(pen.sharpness / cel.INK).add_(0.5).clamp_(0, 1)
        drawn = lines.along(line, field, unit_px, _STROKE)
        # The darkness of a dash is spread over its surroundings and falls below what becomes ink.
        spread = lines.along(line, field, unit_px, _LONG_STROKE)
        return torch.lerp(drawn, torch.minimum(drawn, spread), long)

    def _enlarge(
        self, paint: torch.Tensor, small: torch.Tensor, full: torch.Tensor, unit_px: float
    ) -> torch.Tensor:
        """Enlarge the paint as it is: what the photo has beside it is grain, and tears the rims."""
        return functional.interpolate(paint, full.shape[-2:], mode="bicubic")

    def _compose(self, paint: torch.Tensor, line: torch.Tensor, unit_px: float) -> torch.Tensor:
        """End as the network ends."""
        return cel.finish(*self._coloured(paint, line))

    @staticmethod
    def _coloured(paint: torch.Tensor, line: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Enliven the paint and bring it to sRGB."""
        lively = torch.cat((paint[:, :1], abstraction.enliven(paint[:, 1:], _VIVID)), 1)
        return colour.lab_to_srgb(lively), line.clamp(0, 1)
