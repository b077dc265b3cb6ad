"""The trial: how a style runs best on its device, found by running it.

What a card says is taken at its word only where it cannot be tried: the answer's shape, a
precision's pixels, the tiles' seams, the memory, the batch and the pace are all looked at.
"""

import logging
import math
import time

import torch

from common.errors import ConfigurationError
from worker.engine.device_errors import is_loss
from worker.engine.fidelity import SAME_LEVELS, most_levels, psnr_db
from worker.engine.placed import Placed
from worker.engine.sample_photos import pictures
from worker.engine.shortage import is_shortage
from worker.engine.tiles import Cut, run_in_tiles
from worker.networks.precision import Precision

_log = logging.getLogger(__name__)

WARM_SIDE_PX = 256
MEASURE_SIDE_PX = 512
# Doubling a batch must bring at least this share more photos a second to be worth its memory.
WORTHWHILE_GAIN = 1.10
LARGEST_BATCH = 32


def choose_precision(placed: Placed) -> None:
    """Take the first precision that is fast here and whose cartoons are those of float32.

    Raises:
        ConfigurationError: The style cannot be loaded, or answers what is no cartoon.
    """
    card, side = placed.style.card, placed.side_px(WARM_SIDE_PX)
    photos = pictures(1, side, side)
    placed.take(Precision.FLOAT32)
    truth = placed.run(photos)
    _check(placed, truth[0], side)
    for precision in placed.device.precisions:
        if precision in card.precisions:
            placed.take(precision)
            found_db = _psnr_db(placed, photos, truth)
            if found_db >= card.psnr_min_db:
                return
            _log.warning(
                "%s: %s gives %.1f dB of %.1f", card.name, precision, found_db, card.psnr_min_db
            )
    if placed.precision is not Precision.FLOAT32:
        placed.take(Precision.FLOAT32)


def _check(placed: Placed, cartoon: torch.Tensor, side: int) -> None:
    """Refuse a style whose answer is not what it promised."""
    if cartoon.dtype != torch.uint8 or tuple(cartoon.shape) != (3, side, side):
        raise ConfigurationError(
            f"Style '{placed.style.card.name}' answered {cartoon.dtype} "
            f"{tuple(cartoon.shape)} a photo instead of uint8 (3, {side}, {side})."
        )


def _psnr_db(placed: Placed, photos: list[torch.Tensor], truth: list[torch.Tensor]) -> float:
    try:
        return psnr_db(placed.run(photos), truth)
    except RuntimeError as error:  # as a rule an operator lacks this type
        if is_shortage(error) or is_loss(error):
            raise
        _log.warning("%s cannot run in %s: %s", placed.style.card.name, placed.precision, error)
        return -math.inf


def proven_cut(placed: Placed) -> Cut | None:
    """How the style may be cut, if its card says so and its pixels agree."""
    card = placed.style.card
    if not card.tile_ok:
        return None
    cut = Cut.of(card.overlap_px, placed.multiple_px)
    tile_px = cut.least_side_px
    side = 2 * (tile_px - cut.overlap_px)  # the least that takes two tiles each way
    (photo,) = pictures(1, side, side)
    (whole,) = placed.run([photo])
    cartoon = run_in_tiles(lambda tile: placed.run([tile], side)[0], photo, cut, tile_px)
    found = most_levels(whole, cartoon)
    if found <= SAME_LEVELS:
        return cut
    _log.warning("%s: tiles differ by %d levels, so it is not cut", card.name, found)
    return None


def pixels_in(placed: Placed, memory_bytes: int | None) -> int | None:
    """Pixels of one forward that fit some memory, by what one photo of 512 pixels takes."""
    side = placed.side_px(MEASURE_SIDE_PX)
    photos = pictures(1, side, side)
    peak_bytes = placed.device.peak_bytes(lambda: placed.run(photos))
    if not peak_bytes or memory_bytes is None:
        return None
    return max(1, int(memory_bytes / peak_bytes * side * side))


def largest_batch(placed: Placed) -> int:
    """Double the batch as long as it brings more photos a second and fits the memory."""
    card, device = placed.style.card, placed.device
    if not card.batches or not device.orders:
        # On a CPU a batch takes hardly less than its photos one by one (of AnimeGANv2 four took
        # 3 to 7 % less): there a neighbour's noise would look like gain.
        return 1
    side, best = placed.side_px(WARM_SIDE_PX), 1
    each_s = _forward_s(placed, 1, side)
    while best * 2 <= LARGEST_BATCH:
        try:
            doubled_s = _forward_s(placed, best * 2, side) / (best * 2)
        except (RuntimeError, MemoryError) as error:
            if not is_shortage(error):
                raise
            device.release()
            break
        if each_s / doubled_s < WORTHWHILE_GAIN:
            break
        best, each_s = best * 2, doubled_s
    return best


def seconds_per_mp(placed: Placed) -> float:
    """Seconds per megapixel of one photo's forward."""
    side = placed.side_px(MEASURE_SIDE_PX)
    # The better of two: the first forward of a size also pays for its memory.
    best_s = min(_forward_s(placed, 1, side) for _ in range(2))
    return best_s / (side * side / 1e6)


def _forward_s(placed: Placed, count: int, side_px: int) -> float:
    given = pictures(count, side_px, side_px)
    began_s = time.perf_counter()
    placed.run(given)
    return time.perf_counter() - began_s
