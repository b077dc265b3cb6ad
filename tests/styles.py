"""Styles that tests bring by `CELSHADE_EXTRA_STYLES`: what a photo's colour says is done to it.

A photo whose mean is red kills the process that renders it; a yellow one eats up memory until
somebody else kills it; a blue one waits until the file named by `CELSHADE_TEST_GATE` exists; every
other one is inverted, `SlowStyle`'s after a pause.
"""

import os
import signal
import time
from pathlib import Path

import torch

from worker.networks.precision import Precision
from worker.styles.base import StyleCard

GATE_VARIABLE = "CELSHADE_TEST_GATE"
FAULT_VARIABLE = "CELSHADE_TEST_FAULT"
LOOK_EVERY_S = 0.02
SLOW_FORWARD_S = 0.3
BITE_BYTES = 16 * 2**20
MOST_BITES = 64  # a GB, should nobody mind
HELD_S = 60.0

RED = (230, 20, 20)
BLUE = (20, 20, 230)
GREEN = (20, 230, 20)
YELLOW = (230, 230, 20)


def _is_mostly(photo: torch.Tensor, colour: tuple[int, int, int]) -> bool:
    means = photo.float().mean(dim=(1, 2))
    return bool(((means - torch.tensor(colour)).abs() < 30).all())


class InvertingStyle:
    """Inverts every photo; what the others here do besides."""

    degraded: tuple[str, ...] = ()

    def load(self, device: torch.device, precision: Precision) -> None:
        """There is nothing to load."""

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Invert a batch."""
        return 255 - photos


class MarkedStyle(InvertingStyle):
    """Does to a photo what its colour says."""

    card = StyleCard(
        name="marked",
        title="Marked",
        description="Kills, waits or inverts, as the photo's colour says.",
        model_digest="marked-1",
    )

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Treat a batch; one photo's mark meets all that share its forward."""
        for photo in photos:
            if _is_mostly(photo, RED):
                os.kill(os.getpid(), signal.SIGKILL)
            if _is_mostly(photo, YELLOW):
                self._eat_memory()
            if _is_mostly(photo, BLUE):
                self._wait_for_gate()
        return super().forward(photos, long_side_px)

    @staticmethod
    def _eat_memory() -> None:
        """Take and touch more and more of it, and hold on to it."""
        eaten = []
        for _ in range(MOST_BITES):
            eaten.append(torch.ones(BITE_BYTES, dtype=torch.uint8))
            time.sleep(LOOK_EVERY_S)
        time.sleep(HELD_S)
        raise RuntimeError(f"{len(eaten)} bites, and nobody minded")

    @staticmethod
    def _wait_for_gate() -> None:
        gate = Path(os.environ[GATE_VARIABLE])
        while not gate.exists():
            time.sleep(LOOK_EVERY_S)


class SlowStyle(InvertingStyle):
    """Takes the same time for a batch as for one photo: batches pay."""

    card = StyleCard(
        name="slow",
        title="Slow",
        description="Inverts a batch after a pause.",
        model_digest="slow-1",
    )

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Invert a batch after a pause."""
        time.sleep(SLOW_FORWARD_S)
        return super().forward(photos, long_side_px)


class BrokenStyle(InvertingStyle):
    """Fails for every photo that is mostly green, as a sick device would."""

    card = StyleCard(
        name="broken",
        title="Broken",
        description="Fails on green.",
        model_digest="broken-1",
    )

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Invert a batch, or fail with it."""
        if any(_is_mostly(photo, GREEN) for photo in photos):
            raise RuntimeError("the device said no")
        return super().forward(photos, long_side_px)


class FaultyStyle(InvertingStyle):
    """Fails as long as the file that its process' `CELSHADE_TEST_FAULT` names is there.

    With `all` in the file it fails for everything, with `photos` for all but black ones, so that
    whoever tries the model with a black photo finds it healthy. With `lost` it takes the file away
    and fails as when a GPU is lost.
    """

    card = StyleCard(
        name="faulty",
        title="Faulty",
        description="Inverts a photo, or fails.",
        model_digest="faulty-1",
    )

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Invert a batch, or fail with it."""
        fault = Path(os.environ[FAULT_VARIABLE])
        said = fault.read_text() if fault.exists() else ""
        if said == "lost":
            fault.unlink()
            raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")
        if said == "all" or (said and bool(photos.any())):
            raise RuntimeError("the device said no")
        return super().forward(photos, long_side_px)
