"""A model: a style on its device, how its forwards run there, and what was measured of it.

It measures nothing itself; `worker.engine.calibration` does. What is done when a forward fails is
decided by `worker.engine.fallback`.
"""

import json
import math
from collections.abc import Sequence
from typing import Any, Final

import torch

from common.errors import ConfigurationError
from common.jobstore.leases import LineOffer
from common.styles import is_style_name, line_of, version_of
from worker.engine.devices import CpuDevice, Device
from worker.engine.tiles import Cut
from worker.networks.precision import Precision
from worker.styles.base import Style

# How much a new measurement moves the running mean of seconds per megapixel.
NEW_SHARE = 0.1
# Width to height of what cameras and telephones take, the most common first. The first forward of a
# new shape takes up to 10 % longer on a CPU, where warming all of them would make starts long. On a
# GPU it also tries the algorithms out.
_RATIOS: Final = ((4, 3), (3, 4), (3, 2), (2, 3), (16, 9), (9, 16), (1, 1))


class Model:
    """A style on its device.

    Args:
        style: Not loaded yet.
        device: Where it runs; calibration may move it.
        is_default: Whether its style is used when a caller names none.

    Attributes:
        style: The style itself.
        device: Where it runs.
        precision: What it was last loaded in.
        version: Its version.
        line: Name of its line.
        max_batch: Most photos in one forward.
        most_pixels: Most pixels in one forward that fit the memory; None while not known.
        cut: How it may be cut into tiles; None when it may not.
        seconds_per_mp: Seconds per megapixel of a photo's forward, a running mean; 0 until known.
    """

    def __init__(
        self, style: Style, device: Device | None = None, *, is_default: bool = False
    ) -> None:
        card = style.card
        if not is_style_name(card.name):
            raise ConfigurationError(f"'{card.name}' is no style name: use a-z, 0-9 and '-'.")
        self.style = style
        self.device = device or CpuDevice()
        self.precision = Precision.FLOAT32
        self.version = version_of(card.model_digest)
        self.line = line_of(card.name, self.version)
        self.max_batch = 1
        self.most_pixels: int | None = None
        self.cut: Cut | None = None
        self.seconds_per_mp = 0.0
        self._is_default = is_default

    def __repr__(self) -> str:
        return (
            f"<Model {self.line}, {self.precision}, batch {self.max_batch}, "
            f"{(self.most_pixels or math.inf) / 1e6:.1f} MP at once, "
            f"{'tiles, ' if self.cut else ''}{self.seconds_per_mp:.3f} s/MP>"
        )

    @property
    def multiple_px(self) -> int:
        """What both sides of a photo are padded to a multiple of, pixels."""
        card = self.style.card
        # A style that sees the whole picture would see the padding: it gets only what it asks for.
        grain_px = self.device.grain_px if card.batches and card.tile_ok else 1
        return math.lcm(card.multiple_of, grain_px)

    def side_px(self, about_px: int) -> int:
        """The largest side up to a figure that needs no padding; at least one multiple."""
        return self.multiple_px * max(1, about_px // self.multiple_px)

    def warm_shapes(self) -> list[tuple[int, int]]:
        """Heights and widths of the photos that warm it, padded, pixels.

        They have the style's default size: one shape, or all common shapes on a device that pads
        to few shapes.
        """
        long_px, multiple_px = self.style.card.default_size_px, self.multiple_px
        ratios = _RATIOS if self.device.grain_px > 1 else _RATIOS[:1]
        sides = [
            (long_px * height // max(width, height), long_px * width // max(width, height))
            for width, height in ratios
        ]
        return [(h + -h % multiple_px, w + -w % multiple_px) for h, w in sides]

    def load(self, precision: Precision) -> None:
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

    def batch_of(self, photo: torch.Tensor) -> int:
        """How many photos of this shape may share a forward."""
        if self.most_pixels is None:
            return self.max_batch
        return max(1, min(self.max_batch, self.most_pixels // photo[0].numel()))

    def tile_px(self, photo: torch.Tensor) -> int | None:
        """Side of the tiles that a photo is known to need, pixels; None when it fits whole."""
        if self.cut is None or self.most_pixels is None or photo[0].numel() <= self.most_pixels:
            return None
        return self.cut.side_within(self.most_pixels)

    def note_pace(self, pixels: int, seconds: float) -> None:
        """Add a forward's pace to the running mean.

        Args:
            pixels: Of all its photos.
            seconds: Its duration, divided by the number of forwards that ran side by side.
        """
        self.seconds_per_mp += NEW_SHARE * (seconds / (pixels / 1e6) - self.seconds_per_mp)

    def concurrency(self, lanes: int) -> int:
        """How many photos the engine works on at once, given its lanes."""
        return self.max_batch * (lanes if self.side_by_side else 1)

    @property
    def side_by_side(self) -> bool:
        """Whether several of its batches may be under way at once."""
        return self.style.card.parallel or self.device.orders

    def offer(self) -> LineOffer:
        """What is reported to the job store about this model."""
        return LineOffer(
            line=self.line,
            style=self.style.card.name,
            version=self.version,
            card=json.dumps(self._card(), separators=(",", ":")),
            seconds_per_mp=self.seconds_per_mp,
            max_batch=self.max_batch,
        )

    def _card(self) -> dict[str, Any]:
        card = self.style.card
        return {
            "title": card.title,
            "description": card.description,
            "license": card.license,
            "min_size_px": card.min_size_px,
            "max_size_px": card.max_size_px,
            "default_size_px": card.default_size_px,
            "is_default": self._is_default,
            "model_digest": card.model_digest,
        }
