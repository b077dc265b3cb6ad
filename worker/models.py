"""Models: the styles this process serves, loaded, compared and measured before the first claim.

A model knows how its style runs best on its device: in which precision, how many photos at once,
whole or in tiles. What is done when that fails all the same is the ladder's.
"""

import importlib
import json
import logging
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from common.errors import ConfigurationError
from common.store.leases import LineOffer
from common.styles import is_style_name, line_of, version_of
from worker.engine.devices import CpuDevice, Device
from worker.engine.fidelity import SAME_LEVELS, most_levels, psnr_db
from worker.engine.pictures import pictures
from worker.engine.shortage import is_shortage
from worker.engine.tiles import Cut, run_in_tiles
from worker.precision import Precision
from worker.styles.base import Style
from worker.styles.catalog import bundled_styles
from worker.styles.ink_filter import InkFilter

_log = logging.getLogger(__name__)

DEFAULT_STYLE = "ink-filter"
WARM_SIDE_PX = 256
MEASURE_SIDE_PX = 512
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
        device: Where it runs.
        precision: What it computes in.
        max_batch: Most photos in one forward.
        most_pixels: Most pixels in one forward that fit the memory; None while not known.
        cut: How it may be cut into tiles; None when it may not.
        seconds_per_mp: Seconds per megapixel of a photo's forward, a running mean; 0 until known.
    """

    def __init__(self, style: Style) -> None:
        card = style.card
        if not is_style_name(card.name):
            raise ConfigurationError(f"'{card.name}' is no style name: use a-z, 0-9 and '-'.")
        self.style = style
        self.version = version_of(card.model_digest)
        self.line = line_of(card.name, self.version)
        self.device: Device = CpuDevice()
        self.precision = Precision.FLOAT32
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
            self._choose_precision()
            self.cut = self._proven_cut()
            self.most_pixels = self._pixels_in(memory_bytes or device.memory_bytes())
            self.max_batch = max_batch or self._largest_batch()
            self.seconds_per_mp = self._pace()
        except (RuntimeError, MemoryError) as error:
            if not is_shortage(error):
                raise
            raise ConfigurationError(
                f"Style '{self.style.card.name}' does not fit the memory of {device.name}: a photo "
                f"of {MEASURE_SIDE_PX} pixels is too much."
            ) from error

    def run(
        self, photos: Sequence[torch.Tensor], long_side_px: int | None = None
    ) -> list[torch.Tensor]:
        """Run one forward.

        Args:
            photos: uint8 [3, H, W] each, of one shape, on the CPU; H and W are multiples of
                `multiple_px`.
            long_side_px: Long side of the photo that they are tiles of; their own when None.

        Returns:
            uint8 [3, H, W] each, on the CPU, in the same order.
        """
        whole_px = long_side_px or max(photos[0].shape[1:])
        return self.device.run(lambda batch: self.style.forward(batch, whole_px), photos)

    @property
    def multiple_px(self) -> int:
        """What both sides of a photo are padded to a multiple of, pixels."""
        card = self.style.card
        # What looks at the whole picture would see the padding: it gets no more than it asks for.
        grain_px = self.device.grain_px if card.batches and card.tile_ok else 1
        return math.lcm(card.multiple_of, grain_px)

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
        return self.multiple_px * max(1, side_px // self.multiple_px)

    def _check(self, cartoon: torch.Tensor) -> None:
        """Refuse a style whose answer is not what it promised."""
        side = self._side(WARM_SIDE_PX)
        if cartoon.dtype != torch.uint8 or tuple(cartoon.shape) != (3, side, side):
            raise ConfigurationError(
                f"Style '{self.style.card.name}' answered {cartoon.dtype} "
                f"{tuple(cartoon.shape)} a photo instead of uint8 (3, {side}, {side})."
            )

    def _choose_precision(self) -> None:
        """Take the first precision that is fast here and whose cartoons are those of float32."""
        card, side = self.style.card, self._side(WARM_SIDE_PX)
        photos = pictures(1, side, side)
        self._take(Precision.FLOAT32)
        truth = self.run(photos)
        self._check(truth[0])
        for precision in self.device.precisions:
            if precision in card.precisions:
                self._take(precision)
                found_db = self._psnr_db(photos, truth)
                if found_db >= card.psnr_min_db:
                    return
                _log.warning(
                    "%s: %s gives %.1f dB of %.1f", card.name, precision, found_db, card.psnr_min_db
                )
        if self.precision is not Precision.FLOAT32:
            self._take(Precision.FLOAT32)

    def _take(self, precision: Precision) -> None:
        self.style.load(self.device.place, precision)
        self.precision = precision

    def _psnr_db(self, photos: list[torch.Tensor], truth: list[torch.Tensor]) -> float:
        try:
            return psnr_db(self.run(photos), truth)
        except (RuntimeError, NotImplementedError) as error:  # an operator lacks this type
            _log.warning("%s cannot run in %s: %s", self.line, self.precision, error)
            return -math.inf

    def _proven_cut(self) -> Cut | None:
        """How the style may be cut, if its card says so and its pixels agree."""
        card = self.style.card
        if not card.tile_ok:
            return None
        cut = Cut.of(card.overlap_px, self.multiple_px)
        tile_px = cut.least_side_px
        side = 2 * (tile_px - cut.overlap_px)  # the least that takes two tiles each way
        (photo,) = pictures(1, side, side)
        (whole,) = self.run([photo])
        cartoon = run_in_tiles(lambda tile: self.run([tile], side)[0], photo, cut, tile_px)
        found = most_levels(whole, cartoon)
        if found <= SAME_LEVELS:
            return cut
        _log.warning("%s: tiles differ by %d levels, so it is not cut", card.name, found)
        return None

    def _pixels_in(self, memory_bytes: int | None) -> int | None:
        """Pixels of one forward that fit some memory, by what one photo of 512 pixels takes."""
        side = self._side(MEASURE_SIDE_PX)
        photos = pictures(1, side, side)
        peak_bytes = self.device.peak_bytes(lambda: self.run(photos))
        if not peak_bytes or memory_bytes is None:
            return None
        return max(1, int(memory_bytes / peak_bytes * side * side))

    def _pace(self) -> float:
        side = self._side(MEASURE_SIDE_PX)
        # The better of two: the first forward of a size also pays for its memory.
        best_s = min(self._forward_s(1, side) for _ in range(2))
        return best_s / (side * side / 1e6)

    def _forward_s(self, photos: int, side_px: int) -> float:
        given = pictures(photos, side_px, side_px)
        began_s = time.perf_counter()
        self.run(given)
        return time.perf_counter() - began_s

    def _largest_batch(self) -> int:
        """Double the batch as long as it brings more photos a second and fits the memory."""
        card = self.style.card
        if not card.batches or (card.parallel and self.device.place.type == "cpu"):
            return 1  # on a CPU forwards side by side take the batch's place
        side, best = self._side(WARM_SIDE_PX), 1
        each_s = self._forward_s(1, side)
        while best * 2 <= LARGEST_BATCH:
            try:
                doubled_s = self._forward_s(best * 2, side) / (best * 2)
            except (RuntimeError, MemoryError) as error:
                if not is_shortage(error):
                    raise
                self.device.release()
                break
            if each_s / doubled_s < WORTHWHILE_GAIN:
                break
            best, each_s = best * 2, doubled_s
        return best


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
