"""Pools of codec processes, and looks at their processes from outside."""

from collections.abc import Callable, Iterator

import pytest

from common.photos import PhotoLimits
from tests.support.photos import flat_photo
from tests.support.supervised import until
from worker.images.decode import DecodedPhoto
from worker.sandbox.limits import DecoderLimits
from worker.sandbox.pool import DecoderPool

PHOTO_LIMITS = PhotoLimits(max_pixels=40_000_000, min_side_px=16, max_aspect=20.0)
MB = 1_000_000
COLOUR = (200, 100, 50)
GOOD_PHOTO = flat_photo(COLOUR)

MakePool = Callable[..., DecoderPool]


def is_good(photo: DecodedPhoto) -> bool:
    """Say whether this is `GOOD_PHOTO`."""
    return photo.pixels[:, 32, 32].tolist() == list(COLOUR)


@pytest.fixture
def make_pool() -> Iterator[MakePool]:
    """Start pools that are closed when the test ends: `make_pool(processes=1, cpu_s=60, ...)`."""
    pools = []

    def make(*, processes: int = 1, cpu_s: int = 60, memory_mb: int = 1600) -> DecoderPool:
        limits = DecoderLimits(PHOTO_LIMITS, 40 * MB, cpu_s, memory_mb * MB)
        pool = DecoderPool(limits, processes)
        pool.start()
        pools.append(pool)
        until(lambda: len(pool.idle_pids) == processes, "all its processes are ready")
        return pool

    yield make
    for pool in pools:
        pool.close()
