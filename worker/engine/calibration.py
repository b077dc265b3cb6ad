"""Calibration: how a model runs best on its device, found by running it.

It measures whatever of a style's card can be measured: the shape of the answer, the pixels of each
precision, the seams of tiles, the memory, the batch and the pace.
"""

import logging
import math
import time

import torch

from common.errors import ConfigurationError
from worker.engine.device_errors import is_device_lost, is_out_of_memory
from worker.engine.devices import Device
from worker.engine.fidelity import SAME_LEVELS, most_levels, psnr_db
from worker.engine.model import Model
from worker.engine.sample_photos import sample_photos
from worker.engine.tiles import Cut, run_in_tiles
from worker.networks.precision import Precision

_log = logging.getLogger(__name__)

WARM_SIDE_PX = 256
MEASURE_SIDE_PX = 512
# Doubling a batch must bring at least this share more photos a second to be worth its memory.
WORTHWHILE_GAIN = 1.10
LARGEST_BATCH = 32


def calibrate(
    model: Model, device: Device, *, max_batch: int | None = None, memory_bytes: int | None = None
) -> None:
    """Load a model on a device, choose its precision, prove its tiles, warm and measure it.

    Args:
        model: The model; it holds what was found.
        device: Where to.
        max_batch: Largest batch; measured when None.
        memory_bytes: What one forward may take; what the device has when None.

    Raises:
        ConfigurationError: The style cannot be loaded or does not keep its promises.
    """
    model.device = device
    try:
        choose_precision(model)
        model.cut = proven_cut(model)
        model.most_pixels = pixels_in(model, memory_bytes or device.memory_bytes())
        model.max_batch = max_batch or largest_batch(model)
        model.seconds_per_mp = seconds_per_mp(model)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise ConfigurationError(
            f"Style '{model.style.card.name}' does not fit the memory of {device.name}: a photo "
            f"of {MEASURE_SIDE_PX} pixels is too much."
        ) from error


def choose_precision(model: Model) -> None:
    """Load the first precision that is fast here and gives the cartoons of float32.

    Raises:
        ConfigurationError: The style cannot be loaded, or its answer is no cartoon.
    """
    card, side = model.style.card, model.side_px(WARM_SIDE_PX)
    photos = sample_photos(1, side, side)
    model.load(Precision.FLOAT32)
    truth = model.run(photos)
    _check(model, truth[0], side)
    for precision in model.device.precisions:
        if precision in card.precisions:
            model.load(precision)
            found_db = _psnr_db(model, photos, truth)
            if found_db >= card.psnr_min_db:
                return
            _log.warning(
                "%s: %s gives %.1f dB of %.1f", card.name, precision, found_db, card.psnr_min_db
            )
    if model.precision is not Precision.FLOAT32:
        model.load(Precision.FLOAT32)


def _check(model: Model, cartoon: torch.Tensor, side: int) -> None:
    """Refuse a style whose answer is not what it promised."""
    if cartoon.dtype != torch.uint8 or tuple(cartoon.shape) != (3, side, side):
        raise ConfigurationError(
            f"Style '{model.style.card.name}' answered {cartoon.dtype} "
            f"{tuple(cartoon.shape)} a photo instead of uint8 (3, {side}, {side})."
        )


def _psnr_db(model: Model, photos: list[torch.Tensor], truth: list[torch.Tensor]) -> float:
    try:
        return psnr_db(model.run(photos), truth)
    except RuntimeError as error:  # as a rule an operator lacks this type
        if is_out_of_memory(error) or is_device_lost(error):
            raise
        _log.warning("%s cannot run in %s: %s", model.style.card.name, model.precision, error)
        return -math.inf


def proven_cut(model: Model) -> Cut | None:
    """How the style may be cut, if its card says so and its pixels agree."""
    card = model.style.card
    if not card.tile_ok:
        return None
    cut = Cut.of(card.overlap_px, model.multiple_px)
    tile_px = cut.least_side_px
    side = 2 * (tile_px - cut.overlap_px)  # the least that takes two tiles each way
    (photo,) = sample_photos(1, side, side)
    (whole,) = model.run([photo])
    cartoon = run_in_tiles(lambda tile: model.run([tile], side)[0], photo, cut, tile_px)
    found = most_levels(whole, cartoon)
    if found <= SAME_LEVELS:
        return cut
    _log.warning("%s: tiles differ by %d levels, so it is not cut", card.name, found)
    return None


def pixels_in(model: Model, memory_bytes: int | None) -> int | None:
    """Pixels of one forward that fit some memory, by what one photo of 512 pixels takes."""
    side = model.side_px(MEASURE_SIDE_PX)
    photos = sample_photos(1, side, side)
    peak_bytes = model.device.peak_bytes(lambda: model.run(photos))
    if not peak_bytes or memory_bytes is None:
        return None
    return max(1, int(memory_bytes / peak_bytes * side * side))


def largest_batch(model: Model) -> int:
    """Double the batch as long as it brings more photos a second and fits the memory."""
    card, device = model.style.card, model.device
    if not card.batches or not device.orders:
        # On a CPU a batch takes hardly less than its photos one by one (of AnimeGANv2 four took
        # 3 to 7 % less). There the noise of other processes would look like gain.
        return 1
    side, best = model.side_px(WARM_SIDE_PX), 1
    each_s = _forward_s(model, 1, side)
    while best * 2 <= LARGEST_BATCH:
        try:
            doubled_s = _forward_s(model, best * 2, side) / (best * 2)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            device.release()
            break
        if each_s / doubled_s < WORTHWHILE_GAIN:
            break
        best, each_s = best * 2, doubled_s
    return best


def seconds_per_mp(model: Model) -> float:
    """Seconds per megapixel of one photo's forward."""
    side = model.side_px(MEASURE_SIDE_PX)
    # The better of two: the first forward of a size also allocates its memory.
    best_s = min(_forward_s(model, 1, side) for _ in range(2))
    return best_s / (side * side / 1e6)


def _forward_s(model: Model, count: int, side_px: int) -> float:
    given = sample_photos(count, side_px, side_px)
    began_s = time.perf_counter()
    model.run(given)
    return time.perf_counter() - began_s
