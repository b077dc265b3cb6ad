"""What the filters have in common: a photo is analysed small and composed at full size.

The picture is analysed at 768 pixels at most: edge flow, even colours, edge response. Only what an
eye would miss is done at full size: steps of lightness, the ink itself, and, unless a filter draws
without them, the edges of colours. The sources of each part are named in `abstraction`, `shapes`,
`lines` and `flow`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from worker.networks.cel import LUMA
from worker.networks.precision import Precision
from worker.styles import abstraction, colour, flow, lines
from worker.styles.base import StyleCard
from worker.styles.source import digest_of_code

_ANALYSIS_PX: Final = 768  # long side; more costs time and adds nothing that the paint keeps
_LEAST_UNIT_PX: Final = 0.5  # below, a line would be thinner than a pixel


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
    luma = (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])
    return luma.mul_(100).unsqueeze(1)


class PictureFilter(nn.Module, ABC):
    """A style that is a filter: no weights, all in float32; pictures of a batch do not touch.

    Args:
        name: Of the style.
        title: For people.
        description: One sentence for people.
        sources: `__file__` of the modules of its own that decide its pixels.
    """

    degraded: tuple[str, ...] = ()  # it is whole, or it does not load

    def __init__(self, name: str, title: str, description: str, sources: Iterable[str]) -> None:
        super().__init__()
        shared = (abstraction.__file__, colour.__file__, flow.__file__, lines.__file__)
        self._card = StyleCard(
            name=name,
            title=title,
            description=description,
            model_digest=digest_of_code((__file__, *shared, *sources)),
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
        paint, line = self.planes(photos, long_side_px)
        cartoons = self._compose(paint, line, _unit_px(long_side_px))
        return cartoons.mul_(255).round_().to(torch.uint8)

    def planes(self, photos: torch.Tensor, long_side_px: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Analyse photos, and bring what was found to their size.

        Args:
            photos: uint8 [N, 3, H, W] in [0, 255], sRGB; any sides.
            long_side_px: Long side of the whole photo, pixels.

        Returns:
            float32 [N, C, H, W] and [N, 1, H, W], what `_analyse` returns.
        """
        full = photos.float().div_(255)
        small = _shrink(full, long_side_px)
        unit_px = _unit_px(min(long_side_px, _ANALYSIS_PX))
        paint, line = self._analyse(colour.srgb_to_lab(small), unit_px)
        if small is not full:
            paint = self._enlarge(paint, small, full, unit_px)
            line = functional.interpolate(line, full.shape[-2:], mode="bicubic")
        return paint, line

    def _enlarge(
        self, paint: torch.Tensor, small: torch.Tensor, full: torch.Tensor, unit_px: float
    ) -> torch.Tensor:
        """Bring paint to full size; here with the edges of the photo.

        Args:
            paint: float32 [N, C, h, w], as `_analyse` returns it.
            small: float32 [N, 3, h, w] in [0, 1], sRGB: what was analysed.
            full: float32 [N, 3, H, W]: the photo.
            unit_px: 1/512 of the long side of the paint, pixels.

        Returns:
            float32 [N, C, H, W].
        """
        return abstraction.upsample_guided(paint, _luma(small), _luma(full), unit_px)

    @abstractmethod
    def _analyse(self, lab: torch.Tensor, unit_px: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Find what is drawn.

        Args:
            lab: float32 [N, 3, H, W], L*a*b*, at the size of analysis.
            unit_px: 1/512 of its long side, pixels.

        Returns:
            float32 [N, C, H, W], planes that `_enlarge` brings to full size; float32
            [N, 1, H, W], lines, which have no detail finer than their width.
        """

    @abstractmethod
    def _compose(self, paint: torch.Tensor, line: torch.Tensor, unit_px: float) -> torch.Tensor:
        """Make the cartoon of the two at full size: float32 [N, 3, H, W] in [0, 1], sRGB."""
