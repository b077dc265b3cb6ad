"""A style on a device: how its forwards run there. It measures nothing and decides nothing."""

import math
from collections.abc import Sequence
from typing import Final

import torch

from worker.engine.devices import CpuDevice, Device
from worker.networks.precision import Precision
from worker.styles.base import Style

# Width to height of what cameras and telephones take, the most common first. A shape that was never
# seen costs its first forward up to 10 % more on a CPU, where to warm them all would make starts
# long; a GPU tries its algorithms out then.
_RATIOS: Final = ((4, 3), (3, 4), (3, 2), (2, 3), (16, 9), (9, 16), (1, 1))


class Placed:
    """A style on a device.

    Args:
        style: Not loaded yet.
        device: Where it goes.

    Attributes:
        style: The style itself.
        device: Where it runs.
        precision: What it was last loaded in.
    """

    def __init__(self, style: Style, device: Device | None = None) -> None:
        self.style = style
        self.device = device or CpuDevice()
        self.precision = Precision.FLOAT32

    @property
    def multiple_px(self) -> int:
        """What both sides of a photo are padded to a multiple of, pixels."""
        card = self.style.card
        # What looks at the whole picture would see the padding: it gets no more than it asks for.
        grain_px = self.device.grain_px if card.batches and card.tile_ok else 1
        return math.lcm(card.multiple_of, grain_px)

    def side_px(self, about_px: int) -> int:
        """The largest side up to a figure that needs no padding; at least one multiple."""
        return self.multiple_px * max(1, about_px // self.multiple_px)

    def warm_shapes(self) -> list[tuple[int, int]]:
        """Heights and widths of what is rendered before anybody asks, padded, pixels.

        Photos at the style's default size: of one shape, or of all common ones where the device
        likes few shapes.
        """
        long_px, multiple_px = self.style.card.default_size_px, self.multiple_px
        ratios = _RATIOS if self.device.grain_px > 1 else _RATIOS[:1]
        sides = [
            (long_px * height // max(width, height), long_px * width // max(width, height))
            for width, height in ratios
        ]
        return [(h + -h % multiple_px, w + -w % multiple_px) for h, w in sides]

    def take(self, precision: Precision) -> None:
        """Load the style in a precision."""
        self.style.load(self.device.place, precision)
        self.precision = precision

    def run(
        self, photos: Sequence[torch.Tensor], long_side_px: int | None = None
    ) -> list[torch.Tensor]:
        """Run one forward.

        Args:
            photos: uint8 [3, H, W] each, of one shape, on the CPU; H and W are multiples of
                `multiple_px`.
            long_side_px: Long side of the photo that they are tiles of; their own when None.

        Returns:
            uint8 [3, H, W] each, on the CPU, in the same order.
        """
        whole_px = long_side_px or max(photos[0].shape[1:])
        return self.device.run(lambda batch: self.style.forward(batch, whole_px), photos)
