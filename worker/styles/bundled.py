"""Styles out of bundles: a manifest, verified weights, and the network of ours that takes them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn

from common.errors import ConfigurationError
from worker.bundles.bundle import Bundle
from worker.bundles.manifest import Manifest
from worker.bundles.weights import load_network
from worker.networks import animegan2, cel, guided_filter, toon_unet, whitebox_unet
from worker.networks.precision import Precision
from worker.styles import tensors
from worker.styles.base import StyleCard
from worker.styles.card import card_of


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network of ours that bundles bring weights for.

    Attributes:
        build: Builds what a manifest describes. It takes float32 photos, whatever the type of its
            weights.
        sources: The files whose code decides its pixels.
        reach_px: How far a pixel of the photo reaches into the cartoon, pixels; None when it
            reaches everywhere, so that the network is never shown tiles.
        draws_by_scale: Whether it is told the long side of the whole photo, besides.
        parallel: Whether forwards side by side use a CPU's cores better than one on all of them:
            so they do for a small network (docs/performance.md), not for a large one.
    """

    build: Callable[[Manifest], nn.Module]
    sources: tuple[str, ...]
    reach_px: int | None
    draws_by_scale: bool = False
    parallel: bool = False


ARCHITECTURES: Final = {
    "toon_unet": Architecture(
        lambda manifest: toon_unet.ToonUNet(manifest.ending),
        (toon_unet.__file__, cel.__file__),
        toon_unet.RADIUS_PX,
        draws_by_scale=True,
        parallel=True,
    ),
    "animegan2": Architecture(lambda _: animegan2.AnimeGan2(), (animegan2.__file__,), None),
    "whitebox_unet": Architecture(
        lambda _: whitebox_unet.WhiteboxUNet(),
        (whitebox_unet.__file__, guided_filter.__file__),
        whitebox_unet.REACH_PX,
    ),
}


class BundledStyle:
    """A style whose network is ours and whose weights are a bundle's."""

    degraded: tuple[str, ...] = ()  # it is whole, or it does not load

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._architecture = ARCHITECTURES[bundle.manifest.arch]
        self._io = bundle.manifest.interface
        check_tiles(bundle, self._architecture.reach_px)
        self._card = card_of(
            bundle,
            (__file__, *self._architecture.sources),
            parallel=self._architecture.parallel,
        )
        self._network: nn.Module | None = None

    @property
    def card(self) -> StyleCard:
        """What the style says of itself."""
        return self._card

    def load(self, device: torch.device, precision: Precision) -> None:
        """Read the weights, verified, and place them.

        Raises:
            ConfigurationError: They are missing or not what the manifest says.
        """
        (file,) = self._bundle.manifest.files_of("main")
        manifest = self._bundle.manifest
        network = load_network(self._bundle, file, lambda: self._architecture.build(manifest))
        self._network = place(network, device, precision)

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Turn photos into cartoons; uint8 [N, 3, H, W] in and out, RGB."""
        if self._network is None:
            raise ConfigurationError(f"{self._bundle} is not loaded.")
        entering = tensors.to_network(photos, self._io).contiguous(
            memory_format=torch.channels_last
        )
        if self._architecture.draws_by_scale:
            leaving = self._network(entering, long_side_px)
        else:
            leaving = self._network(entering)
        return tensors.to_cartoons(leaving, self._io, *photos.shape[-2:])


def check_tiles(bundle: Bundle, reach_px: int | None) -> None:
    """See that tiles give the pixels of the whole, if a bundle says so.

    Raises:
        ConfigurationError: They would not.
    """
    sizes, arch = bundle.manifest.sizes, bundle.manifest.arch
    if not sizes.tile_ok:
        return
    if reach_px is None:
        raise ConfigurationError(f"{bundle}: {arch} sees the whole photo; tile_ok must be false.")
    if sizes.overlap_px < reach_px:
        raise ConfigurationError(
            f"{bundle}: tiles of {arch} need an overlap_px of at least {reach_px}."
        )


def place(network: nn.Module, device: torch.device, precision: Precision) -> nn.Module:
    """Bring a network to its device, its type, and the memory order that convolutions like."""
    network.to(device, precision.dtype)
    placed: nn.Module = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it
    return placed
