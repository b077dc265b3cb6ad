"""Models: the styles this process serves, loaded, warmed and measured before the first claim."""

import importlib
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from common.errors import ConfigurationError
from common.store.leases import LineOffer
from common.styles import is_style_name, line_of, version_of
from worker.precision import Precision
from worker.styles.base import Style
from worker.styles.catalog import bundled_styles
from worker.styles.ink_filter import InkFilter

_log = logging.getLogger(__name__)

DEFAULT_STYLE = "ink-filter"
WARM_SIDE_PX = 256
MEASURE_SIDE_PX = 512
SHAPES = 12  # soft blobs along a side of the pictures that are measured with
GRAIN = 4.0  # standard deviation, of 255 levels
# Doubling a batch must bring at least this share more photos a second to be worth its memory.
WORTHWHILE_GAIN = 1.10
LARGEST_BATCH = 32
# How much a new measurement moves the running mean of seconds per megapixel.
NEW_SHARE = 0.1


class Model:
    """A style on a device, with what was measured of it.

    Attributes:
        style: The style itself.
        version: Its version.
        line: Name of its line.
        max_batch: Most photos in one forward.
        seconds_per_mp: Seconds per megapixel of a photo's forward, a running mean; 0 until known.
    """

    def __init__(self, style: Style) -> None:
        card = style.card
        if not is_style_name(card.name):
            raise ConfigurationError(f"'{card.name}' is no style name: use a-z, 0-9 and '-'.")
        self.style = style
        self.version = version_of(card.model_digest)
        self.line = line_of(card.name, self.version)
        self.max_batch = 1
        self.seconds_per_mp = 0.0
        self._device = torch.device("cpu")

    def __repr__(self) -> str:
        return f"<Model {self.line}, batch {self.max_batch}, {self.seconds_per_mp:.3f} s/MP>"

    def load(self, device: torch.device, max_batch: int | None) -> None:
        """Load, warm and measure.

        Args:
            device: Where to.
            max_batch: Largest batch; measured when None.

        Raises:
            ConfigurationError: The style cannot be loaded or does not keep its promises.
        """
        self._device = device
        self.style.load(device, Precision.FLOAT32)
        self._check(self.forward(_pictures(1, self._side(WARM_SIDE_PX))))
        self.max_batch = max_batch or self._largest_batch()
        self._forward_s(self.max_batch, self._side(WARM_SIDE_PX))
        side = self._side(MEASURE_SIDE_PX)
        # The better of two: the first forward of a size also pays for its memory.
        best_s = min(self._forward_s(1, side) for _ in range(2))
        self.seconds_per_mp = best_s / (side * side / 1e6)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Run one forward; uint8 [N, 3, H, W] in and out, on the CPU."""
        with torch.inference_mode():
            placed = photos.to(self._device, non_blocking=True)
            return self.style.forward(placed, max(photos.shape[-2:])).cpu()

    def note_pace(self, pixels: int, seconds: float) -> None:
        """Let a forward's pace into the running mean.

        Args:
            pixels: Of all its photos.
            seconds: Its duration, divided by the number of forwards that ran side by side.
        """
        self.seconds_per_mp += NEW_SHARE * (seconds / (pixels / 1e6) - self.seconds_per_mp)

    def concurrency(self, lanes: int) -> int:
        """How many photos the engine works on at once, given its lanes."""
        return self.max_batch * (lanes if self.style.card.parallel else 1)

    def offer(self) -> LineOffer:
        """What the job store and its readers are told of this model."""
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
            "is_default": card.name == DEFAULT_STYLE,
            "model_digest": card.model_digest,
        }

    def _side(self, side_px: int) -> int:
        multiple = self.style.card.multiple_of
        return max(multiple, side_px // multiple * multiple)

    def _check(self, cartoons: torch.Tensor) -> None:
        """Refuse a style whose answer is not what it promised."""
        side = self._side(WARM_SIDE_PX)
        if cartoons.dtype != torch.uint8 or tuple(cartoons.shape) != (1, 3, side, side):
            raise ConfigurationError(
                f"Style '{self.style.card.name}' answered {cartoons.dtype} "
                f"{tuple(cartoons.shape)} instead of uint8 (1, 3, {side}, {side})."
            )

    def _forward_s(self, photos: int, side_px: int) -> float:
        began_s = time.perf_counter()
        self.forward(_pictures(photos, side_px))
        return time.perf_counter() - began_s

    def _largest_batch(self) -> int:
        """Double the batch as long as it brings more photos a second and fits the memory."""
        card = self.style.card
        if not card.batches or (card.parallel and self._device.type == "cpu"):
            return 1  # on a CPU forwards side by side take the batch's place
        side, best = self._side(WARM_SIDE_PX), 1
        each_s = self._forward_s(1, side)
        while best * 2 <= LARGEST_BATCH:
            try:
                doubled_s = self._forward_s(best * 2, side) / (best * 2)
            except (torch.OutOfMemoryError, MemoryError):
                break
            if each_s / doubled_s < WORTHWHILE_GAIN:
                break
            best, each_s = best * 2, doubled_s
        return best


def _pictures(count: int, side_px: int) -> torch.Tensor:
    """Pictures with soft shapes and a little grain, as photos have; all noise is dearer than any.

    Returns:
        uint8 [count, 3, side_px, side_px], the same ones each time.
    """
    generator = torch.Generator().manual_seed(count)
    shapes = torch.rand((count, 3, SHAPES, SHAPES), generator=generator)
    large = functional.interpolate(shapes, (side_px, side_px), mode="bicubic") * 255
    grain = torch.randn(large.shape, generator=generator) * GRAIN
    return (large + grain).clamp_(0, 255).to(torch.uint8)


def find_models(extra_styles: Sequence[str], styles_dir: Path) -> dict[str, Model]:
    """Return the models to serve, by line; nothing is loaded yet.

    Args:
        extra_styles: More styles, as `module:Class`.
        styles_dir: Directory of bundles.

    Raises:
        ConfigurationError: A style cannot be imported, a bundle is broken, or two have one name.
    """
    found = [InkFilter(), *bundled_styles(styles_dir), *map(_import_style, extra_styles)]
    models = [Model(style) for style in found]
    names = [model.style.card.name for model in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"Two styles are called {', '.join(twice)}; rename one.")
    return {model.line: model for model in models}


def _import_style(entry: str) -> Style:
    module_name, _, class_name = entry.partition(":")
    try:
        style: Style = getattr(importlib.import_module(module_name), class_name)()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"CELSHADE_EXTRA_STYLES: cannot load '{entry}': {error}"
        ) from error
    return style
