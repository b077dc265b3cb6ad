"""The teachers: filters that the networks learn from, by the name of the style they become."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch

from worker.networks import cel
from worker.networks.toon_unet import Ending
from worker.styles.ink_filter import InkFilter
from worker.styles.pencil_filter import PencilFilter
from worker.styles.picture_filter import PictureFilter
from worker.styles.watercolour_filter import WatercolourFilter


@dataclass(frozen=True, slots=True)
class Teacher:
    """A filter and how its pupil ends.

    Attributes:
        filter: The filter.
        ending: Of the network that learns from it.
    """

    filter: PictureFilter
    ending: Ending = "sum"

    def lesson(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Draw photos.

        Args:
            photos: uint8 [N, 3, H, W] in [0, 255], sRGB.
            long_side_px: Long side of the whole photo, pixels.

        Returns:
            uint8 [N, C, H, W] in [0, 255]: the cartoons, and behind them paint and line where the
            pupil's ending makes its cartoon of those.
        """
        if not isinstance(self.filter, InkFilter):
            return self.filter.forward(photos, long_side_px)
        paint, line = self.filter.parts(photos, long_side_px)
        planes = torch.cat((cel.finish(paint, line), paint, line), 1)
        return planes.mul_(255).round_().to(torch.uint8)


TEACHERS: Final[dict[str, Callable[[], Teacher]]] = {
    "ink": lambda: Teacher(InkFilter(), "cel"),
    "pencil": lambda: Teacher(PencilFilter()),
    "watercolour": lambda: Teacher(WatercolourFilter()),
}
