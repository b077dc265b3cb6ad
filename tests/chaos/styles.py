"""Styles for the chaos: one that takes long and costs nothing, one that tells which model it is."""

import os
import time

import torch

from worker.networks.precision import Precision
from worker.styles.base import StyleCard

MODEL_VARIABLE = "CELSHADE_TEST_MODEL"
NAME = "versioned"
LONG_FORWARD_S = 0.8


class LongStyle:
    """Takes its time without any work, so that a kill finds renders to interrupt on few cores."""

    card = StyleCard(
        name="long",
        title="Long",
        description="Inverts a batch after a long pause.",
        model_digest="long-1",
    )
    degraded: tuple[str, ...] = ()

    def load(self, device: torch.device, precision: Precision) -> None:
        """There is nothing to load."""

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Invert a batch after a pause."""
        time.sleep(LONG_FORWARD_S)
        return 255 - photos


class VersionedStyle:
    """Inverts a photo; the model `new` exchanges red and blue besides."""

    card = StyleCard(
        name=NAME,
        title="Versioned",
        description="Tells by its pixels which model made them.",
        model_digest=os.environ.get(MODEL_VARIABLE, "old"),
    )
    degraded: tuple[str, ...] = ()

    def load(self, device: torch.device, precision: Precision) -> None:
        """There is nothing to load."""

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Treat a batch as this process's model does."""
        pictures = 255 - photos
        return pictures.flip(1) if self.card.model_digest == "new" else pictures
