"""What a style is to the engine: a named model that turns batches of photos into cartoons.

A style knows nothing of files, queues or strength: the engine hands it tensors of one shape and
blends its answer with the photo. Anybody can bring one: `CELSHADE_EXTRA_STYLES=module:Class` names
a class that is called without arguments and behaves as described here.
"""

from dataclasses import dataclass
from typing import Protocol

import torch

from common.renders import DEFAULT_SIZE_PX, MAX_SIZE_PX, MIN_SIZE_PX


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


class Style(Protocol):
    """A resident model."""

    @property
    def card(self) -> StyleCard:
        """What the style says of itself; needs no load."""

    def load(self, device: torch.device) -> None:
        """Load, verify and place the model; called once, before any `forward`.

        Raises:
            ConfigurationError: Its files are missing or not what they claim to be.
        """

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Turn photos into cartoons at full strength, in inference mode.

        Args:
            photos: uint8 [N, 3, H, W] in [0, 255], sRGB, on the style's device; H and W are
                multiples of `card.multiple_of`.

        Returns:
            uint8 [N, 3, H, W] in [0, 255], sRGB, on the same device, in the same order.
        """
