"""The ladder: how photos get through a forward that fails, one rung after the other.

1. all photos together; 2. for want of memory half of them, and so on down to one; 3. one photo in
tiles, then in smaller ones, where its style may be cut; 4. that photo alone fails. What fails for
any other reason is tried photo by photo, so that the one at fault fails alone. A lost device ends
the climb.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from common.errors import InternalError, OutOfMemory, RenderError
from worker.engine.device_errors import DeviceLost, is_loss
from worker.engine.model import Model
from worker.engine.shortage import is_shortage
from worker.engine.tiles import run_in_tiles

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one photo got through.

    Attributes:
        cartoon: uint8 [3, H, W] on the CPU, or the error.
        batch_size: Photos in the forward that gave it.
        tiled: Whether it was made in tiles.
    """

    cartoon: torch.Tensor | RenderError
    batch_size: int = 1
    tiled: bool = False


def climb(model: Model, photos: Sequence[torch.Tensor]) -> list[Outcome]:
    """Bring photos of one shape through a model.

    Args:
        model: Loaded.
        photos: uint8 [3, H, W] each, on the CPU.

    Returns:
        One outcome for each photo, in their order.

    Raises:
        DeviceLost: Nothing can be computed here again.
    """
    tile_px = model.tile_px(photos[0])
    if tile_px is not None:
        return [_in_tiles(model, photo, tile_px) for photo in photos]
    try:
        return [Outcome(cartoon, len(photos)) for cartoon in model.run(photos)]
    except Exception as error:  # whatever a model raises ends here, for its photo
        failure = _let_go(error)
    # Outside of the handler: while it runs, the failed forward's tensors are still held.
    return _after(model, photos, failure)


def _after(model: Model, photos: Sequence[torch.Tensor], failure: Exception) -> list[Outcome]:
    short = is_shortage(failure)
    if short:
        model.device.release()
    if len(photos) > 1:
        least = len(photos) // 2 if short else 1
        _log.warning("forward of %d failed, trying %d: %s", len(photos), least, failure)
        parts = [photos[k : k + least] for k in range(0, len(photos), least)]
        return [outcome for part in parts for outcome in climb(model, part)]
    if short and model.cut is not None:
        half_px = model.cut.side_within(photos[0][0].numel() // 4)
        _log.warning("a photo did not fit, trying tiles of %d px: %s", half_px, failure)
        return [_in_tiles(model, photos[0], half_px)]
    return [_failed(failure)]


def _in_tiles(model: Model, photo: torch.Tensor, tile_px: int) -> Outcome:
    """Try tiles of a side, then of half of it and so on."""
    cut = model.cut
    assert cut is not None  # noqa: S101 - asked by both callers
    long_side_px = max(photo.shape[1:])
    while True:
        try:
            cartoon = run_in_tiles(
                lambda tile: model.run([tile], long_side_px)[0], photo, cut, tile_px
            )
            return Outcome(cartoon, tiled=True)
        except Exception as error:  # as above
            failure = _let_go(error)
        if not is_shortage(failure) or tile_px <= cut.least_side_px:
            return _failed(failure)
        model.device.release()
        _log.warning("tiles of %d px failed, trying half: %s", tile_px, failure)
        tile_px = cut.side_within((tile_px // 2) ** 2)


def _let_go(error: Exception) -> Exception:
    """Forget the frames of a failed forward: they hold its activations.

    Raises:
        DeviceLost: There is nothing to try again on.
    """
    if is_loss(error):
        raise DeviceLost from error
    if not is_shortage(error):
        return error  # its frames are what the log is for
    return error.with_traceback(None)


def _failed(error: Exception) -> Outcome:
    failure: RenderError = OutOfMemory() if is_shortage(error) else InternalError()
    failure.__cause__ = error
    _log.error("forward failed", exc_info=error)
    return Outcome(failure)
