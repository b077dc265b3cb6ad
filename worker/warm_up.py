"""Warm-up: sample photos pass through the codecs before a worker is ready.

Codecs load libraries and touch their memory with the first photo. That photo should not be a
caller's.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import torch

from common.renders import DEFAULT_SIZE_PX, DEFAULT_STRENGTH, PictureFormat
from worker.engine.sample_photos import sample_photos
from worker.images.blend import blend
from worker.images.decode import Decoder
from worker.images.encode import Encoder

_QUALITY: Final = 90
_LARGER: Final = 2  # than the work size, as photos are: they are scaled and resized


def warm_up(decoder: Decoder, encoder: Encoder, processes: int) -> None:
    """Pass a photo through decoder, blend and encoder, once for each decoder process.

    Args:
        decoder: The worker's.
        encoder: The worker's.
        processes: How many photos it decodes at once.

    Raises:
        DecodeFailed: The decoder cannot read what the encoder made.
        InternalError: A part failed.
    """
    (picture,) = sample_photos(1, DEFAULT_SIZE_PX * 3 // 4 * _LARGER, DEFAULT_SIZE_PX * _LARGER)
    data = encoder(picture, None, picture_format=PictureFormat.JPEG, quality=_QUALITY)

    def pass_through(_: int) -> None:
        torch.set_num_threads(1)  # as a task's
        photo = decoder.decode(data, DEFAULT_SIZE_PX)
        cartoon = blend(photo.pixels, 255 - photo.pixels, DEFAULT_STRENGTH)
        encoder(cartoon, photo.alpha, picture_format=PictureFormat.JPEG, quality=_QUALITY)

    with ThreadPoolExecutor(processes) as pool:
        list(pool.map(pass_through, range(processes)))
