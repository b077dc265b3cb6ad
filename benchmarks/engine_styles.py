"""The styles that the engine is measured with: the built-in ones, and others at random weights.

Imports torch: only for a process in which the allocator was told before, or meant not to be.
"""

from pathlib import Path

import torch
from torch import nn

from worker.engine.model_catalog import find_models
from worker.networks.animegan2 import AnimeGan2
from worker.networks.precision import Precision
from worker.networks.whitebox_unet import WhiteboxUNet
from worker.styles.base import Style, StyleCard

NO_BUNDLES = Path("/nonexistent")
# By name, and what sides must be a multiple of. DCT-Net is two of the second.
_NETWORKS: dict[str, tuple[type[nn.Module], int]] = {
    "animegan2": (AnimeGan2, 32),
    "whitebox": (WhiteboxUNet, 4),
}


class RandomStyle:
    """A network with random weights, the same each time: speed does not know weights.

    Args:
        name: One of `_NETWORKS`.
    """

    degraded: tuple[str, ...] = ()

    def __init__(self, name: str) -> None:
        network, multiple_px = _NETWORKS[name]
        self.card = StyleCard(
            name=name,
            title=name,
            description="Random weights.",
            model_digest="random",
            multiple_of=multiple_px,
            precisions=(Precision.FLOAT32, Precision.BFLOAT16, Precision.FLOAT16),
            psnr_min_db=20.0,  # random weights give noise, which no precision keeps
        )
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.network = network().eval()

    def load(self, device: torch.device, precision: Precision) -> None:
        """Place the network; what rounding took does not come back, which speed does not mind."""
        self.network.to(device, precision.dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Turn photos into cartoons as the style of a bundle does."""
        entering = photos.float().div_(127.5).sub_(1)
        cartoons: torch.Tensor = self.network(entering).float()
        return cartoons.add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def style_called(name: str) -> Style:
    """Return a style by its name."""
    built_in = {
        model.style.card.name: model.style for model in find_models((), NO_BUNDLES).values()
    }
    if name in built_in:
        return built_in[name]
    if name in _NETWORKS:
        return RandomStyle(name)
    raise ValueError(f"no style is called {name}")


def network_of(style: Style) -> nn.Module:
    """Return the network of a style with random weights, for runtimes that take it alone."""
    if not isinstance(style, RandomStyle):
        raise TypeError(f"{style} is measured through the engine only")
    return style.network
