"""What a style is to the engine: a named model that turns batches of photos into cartoons.

A style knows nothing of files, queues or strength: the engine hands it tensors of one shape and
blends its answer with the photo. Anybody can bring one: `CELSHADE_EXTRA_STYLES=module:Class` names
a class that is called without arguments and behaves as described here.
"""

from dataclasses import dataclass
from typing import Protocol

import torch

from common.renders import DEFAULT_SIZE_PX, MAX_SIZE_PX, MIN_SIZE_PX
from worker.networks.precision import Precision

# Peak signal-to-noise ratio of two pictures that no eye tells apart: an error of 2.5 of 255 levels.
PSNR_MIN_DB = 40.0


@dataclass(frozen=True, slots=True)
class StyleCard:
    """What a style says of itself.

    Attributes:
        name: Short name in [a-z0-9-], as callers send it.
        title: Name for people.
        description: One sentence for people.
        model_digest: Digest of weights and code that decide its pixels; a new one is a new version.
        license: SPDX name of the model's licence.
        min_size_px: Least long side, pixels.
        max_size_px: Largest long side, pixels.
        default_size_px: Long side when the caller names none, pixels.
        multiple_of: Both sides of a tensor are padded to a multiple of this by reflection.
        batches: Whether several photos in one forward gain anything on this device kind.
        parallel: Whether several threads may call `forward` at once, and gain by it on a CPU.
        precisions: What `load` may be asked for. float32 is always among them: the others are
            measured against it.
        psnr_min_db: Least PSNR of another precision's cartoons to those of float32, dB of 8-bit
            levels; below it that precision is not used.
        tile_ok: Whether a part of a photo, with `overlap_px` around it, gives the same pixels as
            the whole: no norm over the whole picture, no detector, no global pooling.
        overlap_px: How far a pixel of the photo reaches into the cartoon, pixels: the receptive
            field's radius. Read only where `tile_ok`.
    """

    name: str
    title: str
    description: str
    model_digest: str
    license: str = "Apache-2.0"
    min_size_px: int = MIN_SIZE_PX
    max_size_px: int = MAX_SIZE_PX
    default_size_px: int = DEFAULT_SIZE_PX
    multiple_of: int = 1
    batches: bool = True
    parallel: bool = False
    precisions: tuple[Precision, ...] = (Precision.FLOAT32,)
    psnr_min_db: float = PSNR_MIN_DB
    tile_ok: bool = False
    overlap_px: int = 0


class Style(Protocol):
    """A resident model."""

    @property
    def card(self) -> StyleCard:
        """What the style says of itself; needs no load."""

    @property
    def degraded(self) -> tuple[str, ...]:
        """What a loaded style leaves out for want of parts, for `execution.degraded`; often ()."""

    def load(self, device: torch.device, precision: Precision) -> None:
        """Load, verify and place the model, with weights in this precision; no autocast.

        Called before any `forward`, never at the same time as one, and called again to change the
        precision. Networks belong in `torch.channels_last`: that is how photos come.

        Args:
            device: Where to.
            precision: One of `card.precisions`.

        Raises:
            ConfigurationError: Its files are missing or not what they claim to be.
        """

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Turn photos into cartoons at full strength, in inference mode.

        Args:
            photos: uint8 [N, 3, H, W] in [0, 255], sRGB, on the style's device, mostly in
                `torch.channels_last`; H and W are multiples of `card.multiple_of`. Whole photos,
                or tiles of them where `card.tile_ok`.
            long_side_px: Long side of the whole photo, padding included, pixels. More than the
                tensor's own when it holds tiles: what depends on the scale of the picture (line
                width) must be taken from here, never from the tensor.

        Returns:
            uint8 [N, 3, H, W] in [0, 255], sRGB, on the same device, in the same order.
        """
