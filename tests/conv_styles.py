"""Small networks as styles, for tests of the engine: one that may be cut, one that must not be."""

import torch
from torch import nn
from torch.nn import functional

from worker.networks.precision import Precision
from worker.styles.base import StyleCard

WIDTH = 16
# Through the layers below: 1 + 2 * 1 + the linear enlargement's 1 on halved sides + 1, rounded up.
REACH_PX = 8


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
