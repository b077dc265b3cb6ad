"""The built-in style `ink-filter`: classical image abstraction, without weights.

The picture is analysed at 768 pixels at most: edge flow, even colours, edge response. Only what an
eye would miss is done at full size: edges of colours, steps of lightness and the ink itself. The
sources of each part are named in `abstraction`, `lines` and `flow`.
"""

import hashlib
from pathlib import Path
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from worker.precision import Precision
from worker.styles import abstraction, colour, flow, lines
from worker.styles.base import StyleCard

_ANALYSIS_PX: Final = 768  # long side; more costs time and adds nothing that the paint keeps
_LEAST_UNIT_PX: Final = 0.5  # below, a line would be thinner than a pixel
_FLOW_PRESMOOTH: Final = 0.7  # standard deviation before derivatives are taken, units
_FLOW_SMOOTH: Final = 2.0  # standard deviation of the structure tensor, units
_BILATERAL_PASSES: Final = 3
_LUMA: Final = (0.2126, 0.7152, 0.0722)  # ITU-R BT.709


def _digest() -> str:
    """Hash the sources that decide the pixels: a change of them is a new version."""
    digest = hashlib.sha256()
    for path in (__file__, abstraction.__file__, colour.__file__, flow.__file__, lines.__file__):
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()


def _unit_px(long_side_px: float) -> float:
    """The unit of all lengths: 1/512 of the long side, pixels."""
    return max(_LEAST_UNIT_PX, long_side_px / 512)


def _shrink(pictures: torch.Tensor, long_side_px: int) -> torch.Tensor:
    """Bring pictures to the size of analysis; smaller ones stay as they are."""
    height, width = pictures.shape[-2:]
    scale = _ANALYSIS_PX / long_side_px
    if scale >= 1:
        return pictures
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    return functional.interpolate(pictures, size, mode="bilinear", antialias=True)


def _luma(pictures: torch.Tensor) -> torch.Tensor:
    """Weigh sRGB in [0, 1] to a lightness in [0, 100]: near enough to L* to guide it."""
    red, green, blue = pictures.unbind(1)
    luma = (red * _LUMA[0]).add_(green, alpha=_LUMA[1]).add_(blue, alpha=_LUMA[2])
    return luma.mul_(100).unsqueeze(1)


class InkFilter(nn.Module):
    """Even colours, steps of light and shade, and ink lines along the edges.

    Pictures of a batch do not touch each other. All is float32.
    """

    degraded: tuple[str, ...] = ()  # it is whole, or it does not load

    def __init__(self) -> None:
        super().__init__()
        self._card = StyleCard(
            name="ink-filter",
            title="Ink",
            description="Clean ink lines over even colours, like a drawn comic.",
            model_digest=_digest(),
            parallel=True,
        )

    @property
    def card(self) -> StyleCard:
        """What the style says of itself."""
        return self._card

    def load(self, device: torch.device, precision: Precision) -> None:
        """Place the filter; it has no weights, so nothing is read."""
        self.to(device)

    @torch.inference_mode()
    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Turn photos into cartoons at full strength.

        Args:
            photos: uint8 [N, 3, H, W] in [0, 255], sRGB; any sides.
            long_side_px: Long side of the whole photo, pixels: the measure of all lengths.

        Returns:
            uint8 [N, 3, H, W] in [0, 255], sRGB.
        """
        full = photos.float().div_(255)
        small = _shrink(full, long_side_px)
        small_unit_px = _unit_px(min(long_side_px, _ANALYSIS_PX))
        paint, response = self._analyse(colour.srgb_to_lab(small), small_unit_px)
        if small is not full:
            paint = abstraction.upsample_guided(
                paint, _luma(small), _luma(full), unit_px=small_unit_px
            )
            response = functional.interpolate(response, full.shape[-2:], mode="bicubic")
        del full, small
        return self._compose(paint, response, _unit_px(long_side_px))

    def _analyse(self, lab: torch.Tensor, unit_px: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Even out the colours and find the edges, float32 [N, 3, H, W] and [N, 1, H, W]."""
        smooth = flow.gaussian_blur(lab, _FLOW_PRESMOOTH * unit_px)
        field = flow.Flow.of(flow.structure_tensor(smooth, _FLOW_SMOOTH * unit_px))
        tolerance = abstraction.tolerance(smooth, unit_px)
        once = abstraction.bilateral(lab, field, unit_px, tolerance)
        response = lines.edge_response(once[:, :1], field, unit_px)
        paint = once
        for _ in range(_BILATERAL_PASSES - 1):
            paint = abstraction.bilateral(paint, field, unit_px, tolerance)
        return paint, response

    def _compose(self, paint: torch.Tensor, response: torch.Tensor, unit_px: float) -> torch.Tensor:
        """Step the lightness, enliven the colours and multiply the ink in."""
        lightness = abstraction.quantise(paint[:, :1].clamp(0, 100), unit_px)
        chroma = abstraction.enliven(paint[:, 1:])
        cartoon = colour.lab_to_srgb(torch.cat((lightness, chroma), 1))
        return cartoon.mul_(lines.ink(response)).mul_(255).round_().to(torch.uint8)
