"""Models: the styles this process serves, loaded, compared and measured before the first claim.

A model knows how its style runs best on its device: in which precision, how many photos at once,
whole or in tiles. What is done when that fails all the same is the ladder's.
"""

import importlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from common.errors import ConfigurationError
from common.jobstore.leases import LineOffer
from common.styles import is_style_name, line_of, version_of
from worker.engine import calibration
from worker.engine.devices import Device
from worker.engine.placed import Placed
from worker.engine.shortage import is_shortage
from worker.engine.tiles import Cut
from worker.styles.base import Style
from worker.styles.catalog import bundled_styles
from worker.styles.ink_filter import InkFilter

DEFAULT_STYLE = "ink"
# How much a new measurement moves the running mean of seconds per megapixel.
NEW_SHARE = 0.1


class Model(Placed):
    """A style on its device, with what was measured of it.

    Attributes:
        version: Its version.
        line: Name of its line.
        max_batch: Most photos in one forward.
        most_pixels: Most pixels in one forward that fit the memory; None while not known.
        cut: How it may be cut into tiles; None when it may not.
        seconds_per_mp: Seconds per megapixel of a photo's forward, a running mean; 0 until known.
    """

    def __init__(self, style: Style) -> None:
        card = style.card
        if not is_style_name(card.name):
            raise ConfigurationError(f"'{card.name}' is no style name: use a-z, 0-9 and '-'.")
        super().__init__(style)
        self.version = version_of(card.model_digest)
        self.line = line_of(card.name, self.version)
        self.max_batch = 1
        self.most_pixels: int | None = None
        self.cut: Cut | None = None
        self.seconds_per_mp = 0.0

    def __repr__(self) -> str:
        return (
            f"<Model {self.line}, {self.precision}, batch {self.max_batch}, "
            f"{(self.most_pixels or math.inf) / 1e6:.1f} MP at once, "
            f"{'tiles, ' if self.cut else ''}{self.seconds_per_mp:.3f} s/MP>"
        )

    def load(
        self, device: Device, *, max_batch: int | None = None, memory_bytes: int | None = None
    ) -> None:
        """Load, choose the precision, prove the tiles, warm and measure.

        Args:
            device: Where to.
            max_batch: Largest batch; measured when None.
            memory_bytes: What one forward may take; what the device has when None.

        Raises:
            ConfigurationError: The style cannot be loaded or does not keep its promises.
        """
        self.device = device
        try:
            calibration.choose_precision(self)
            self.cut = calibration.proven_cut(self)
            self.most_pixels = calibration.pixels_in(self, memory_bytes or device.memory_bytes())
            self.max_batch = max_batch or calibration.largest_batch(self)
            self.seconds_per_mp = calibration.seconds_per_mp(self)
        except (RuntimeError, MemoryError) as error:
            if not is_shortage(error):
                raise
            raise ConfigurationError(
                f"Style '{self.style.card.name}' does not fit the memory of {device.name}: a photo "
                f"of {calibration.MEASURE_SIDE_PX} pixels is too much."
            ) from error

    def batch_of(self, photo: torch.Tensor) -> int:
        """How many photos of this one's shape may share a forward."""
        if self.most_pixels is None:
            return self.max_batch
        return max(1, min(self.max_batch, self.most_pixels // photo[0].numel()))

    def tile_px(self, photo: torch.Tensor) -> int | None:
        """Side of the tiles that a photo is known to need, pixels; None when it goes whole."""
        if self.cut is None or self.most_pixels is None or photo[0].numel() <= self.most_pixels:
            return None
        return self.cut.side_within(self.most_pixels)

    def note_pace(self, pixels: int, seconds: float) -> None:
        """Let a forward's pace into the running mean.

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


def find_models(
    extra_styles: Sequence[str], styles_dir: Path, only: Sequence[str] = ()
) -> dict[str, Model]:
    """Return the models to serve, by line; nothing is loaded yet.

    Args:
        extra_styles: More styles, as `module:Class`.
        styles_dir: Directory of bundles.
        only: Names of those to serve; all when empty.

    Raises:
        ConfigurationError: A style cannot be imported, a bundle is broken, two have one name, or a
            name is nobody's.
    """
    found = [InkFilter(), *bundled_styles(styles_dir), *map(_import_style, extra_styles)]
    models = [Model(style) for style in found]
    names = [model.style.card.name for model in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"Two styles are called {', '.join(twice)}; rename one.")
    unknown = sorted(set(only).difference(names))
    if unknown:
        raise ConfigurationError(
            f"CELSHADE_STYLES: there is no {', '.join(unknown)}; there are {', '.join(names)}."
        )
    return {model.line: model for model in models if not only or model.style.card.name in only}


def _import_style(entry: str) -> Style:
    module_name, _, class_name = entry.partition(":")
    try:
        style: Style = getattr(importlib.import_module(module_name), class_name)()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"CELSHADE_EXTRA_STYLES: cannot load '{entry}': {error}"
        ) from error
    return style
