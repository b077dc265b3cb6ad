"""Styles of tests: those of `CELSHADE_EXTRA_STYLES` do to a photo what its colour says.

A photo whose mean is red kills the process that renders it; a yellow one eats up memory until
somebody else kills it; a blue one waits until the file named by `CELSHADE_TEST_GATE` exists; every
other one is inverted, `SlowStyle`'s after a pause. Tests of the engine have small networks besides:
`ConvStyle`, which may be cut into tiles, and `BoastingStyle`, which must not be.
"""

import os
import signal
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from worker.networks.precision import Precision
from worker.styles.base import StyleCard

GATE_VARIABLE = "CELSHADE_TEST_GATE"
FAULT_VARIABLE = "CELSHADE_TEST_FAULT"
LOOK_EVERY_S = 0.02
SLOW_FORWARD_S = 0.3
BITE_BYTES = 16 * 2**20
MOST_BITES = 64  # a GB, should nobody mind
HELD_S = 60.0
WIDTH = 16
# Through the layers below: 1 + 2 * 1 + the linear enlargement's 1 on halved sides + 1, rounded up.
REACH_PX = 8

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


class Halving(nn.Module):
    """Convolves at full and at half size, and joins both; it looks `REACH_PX` far."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, WIDTH, 3, padding=1)
        self.narrow = nn.Conv2d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.out = nn.Conv2d(WIDTH, 3, 3, padding=1)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Float [N, 3, H, W] in [0, 1] in and out; sides are even."""
        full = functional.relu(self.wide(photos))
        half = functional.relu(self.narrow(full))
        large = functional.interpolate(half, scale_factor=2, mode="bilinear")
        return torch.sigmoid(self.out(full + large))


class ConvStyle:
    """The network as a style, the same weights each time."""

    card = StyleCard(
        name="conv",
        title="",
        description="",
        model_digest="conv-1",
        multiple_of=2,
        precisions=(Precision.FLOAT32, Precision.BFLOAT16, Precision.FLOAT16),
        tile_ok=True,
        overlap_px=REACH_PX,
    )
    degraded: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.loaded: list[Precision] = []
        with torch.random.fork_rng():
            torch.manual_seed(1)
            self._weights = self._network().state_dict()

    @staticmethod
    def _network() -> nn.Module:
        return Halving()

    def load(self, device: torch.device, precision: Precision) -> None:
        """Place the weights."""
        self.loaded.append(precision)
        self._placed = self._network().eval()
        self._placed.load_state_dict(self._weights)
        self._placed.to(device, precision.dtype)

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Turn a batch into what the weights say."""
        assert long_side_px >= max(photos.shape[2:])
        levels = photos.to(next(self._placed.parameters()).dtype) / 255
        cartoons: torch.Tensor = self._placed(levels)
        return cartoons.float().mul(255).round().to(torch.uint8)


class Levelled(Halving):
    """The same with a norm over the whole picture: a tile has another mean than the whole."""

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Float [N, 3, H, W] in and out."""
        return super().forward(functional.group_norm(photos, 1))


class BoastingStyle(ConvStyle):
    """Says that it may be cut, and must not be."""

    @staticmethod
    def _network() -> nn.Module:
        return Levelled()
