"""Fallback: how photos still get through when a forward fails, one step after the other.

1. All photos run together. 2. When memory runs out, half of them run, and so on down to one. 3. One
photo runs in tiles, then in smaller ones, where its style may be cut. 4. That photo alone fails.
After any other error the photos run one by one, so that only the one at fault fails. A lost device
ends all steps.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from common.errors import InternalError, OutOfMemory, RenderError
from worker.engine.device_errors import DeviceLost, is_device_lost, is_out_of_memory
from worker.engine.model import Model
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


def run_with_fallback(model: Model, photos: Sequence[torch.Tensor]) -> list[Outcome]:
    """Run photos of one shape through a model.

    Args:
        model: Calibrated.
        photos: uint8 [3, H, W] each, on the CPU.

    Returns:
        One outcome for each photo, in their order.

    Raises:
        DeviceLost: This process can compute nothing on the device again.
    """
    tile_px = model.tile_px(photos[0])
    if tile_px is not None:
        return [_in_tiles(model, photo, tile_px) for photo in photos]
    try:
        return [Outcome(cartoon, len(photos)) for cartoon in model.run(photos)]
    except Exception as error:  # whatever a model raises ends here, for its photo
        failure = _without_frames(error)
    # Outside of the handler, which still holds the failed forward's tensors.
    return _fall_back(model, photos, failure)


def _fall_back(model: Model, photos: Sequence[torch.Tensor], failure: Exception) -> list[Outcome]:
    no_memory = is_out_of_memory(failure)
    if no_memory:
        model.device.release()
    if len(photos) > 1:
        least = len(photos) // 2 if no_memory else 1
        _log.warning("forward of %d failed, trying %d: %s", len(photos), least, failure)
        parts = [photos[k : k + least] for k in range(0, len(photos), least)]
        return [outcome for part in parts for outcome in run_with_fallback(model, part)]
    if no_memory and model.cut is not None:
        half_px = model.cut.side_within(photos[0][0].numel() // 4)
        _log.warning("a photo did not fit, trying tiles of %d px: %s", half_px, failure)
        return [_in_tiles(model, photos[0], half_px)]
    return [_failed(failure)]


def _in_tiles(model: Model, photo: torch.Tensor, tile_px: int) -> Outcome:
    """Try tiles of a side, then tiles of half that side, and so on."""
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
            failure = _without_frames(error)
        if not is_out_of_memory(failure) or tile_px <= cut.least_side_px:
            return _failed(failure)
        model.device.release()
        _log.warning("tiles of %d px failed, trying half: %s", tile_px, failure)
        tile_px = cut.side_within((tile_px // 2) ** 2)


def _without_frames(error: Exception) -> Exception:
    """Drop the frames of a failed forward: they hold its activations.

    Raises:
        DeviceLost: The device is lost.
    """
    if is_device_lost(error):
        raise DeviceLost from error
    if not is_out_of_memory(error):
        return error  # the log needs its frames
    return error.with_traceback(None)


def _failed(error: Exception) -> Outcome:
    failure: RenderError = OutOfMemory() if is_out_of_memory(error) else InternalError()
    failure.__cause__ = error
    _log.error("forward failed", exc_info=error)
    return Outcome(failure)
