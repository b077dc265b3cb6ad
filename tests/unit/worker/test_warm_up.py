"""Warm-up: every decoder process has seen a photo, and a broken part is noticed."""

import threading

import pytest
import torch

from common.errors import InternalError
from common.photos import PhotoLimits
from common.renders import DEFAULT_SIZE_PX, PictureFormat
from common.settings import Settings
from worker.images.decode import DecodedPhoto, InProcessDecoder
from worker.images.encode import encode
from worker.warm_up import warm_up


class CountingDecoder:
    """Decodes as a pool of processes does, so many photos at once and no fewer."""

    def __init__(self, processes: int) -> None:
        self._decoder = InProcessDecoder(PhotoLimits.of(Settings()))
        self._all_busy = threading.Barrier(processes, timeout=60)
        self.sizes: list[tuple[int, ...]] = []

    def decode(self, data: bytes, long_side_px: int) -> DecodedPhoto:
        self._all_busy.wait()
        photo = self._decoder.decode(data, long_side_px)
        self.sizes.append(tuple(photo.pixels.shape))
        return photo


def test_as_many_photos_are_decoded_at_once_as_there_are_processes() -> None:
    decoder = CountingDecoder(3)
    warm_up(decoder, encode, 3)
    assert decoder.sizes == [(3, DEFAULT_SIZE_PX * 3 // 4, DEFAULT_SIZE_PX)] * 3


def test_a_worker_whose_encoder_fails_is_not_ready() -> None:
    def broken(
        pixels: torch.Tensor,
        alpha: torch.Tensor | None,
        *,
        picture_format: PictureFormat,
        quality: int | None,
    ) -> bytes:
        raise InternalError

    with pytest.raises(InternalError):
        warm_up(CountingDecoder(1), broken, 1)
