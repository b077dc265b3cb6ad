"""JPEG pixels by the extra simplejpeg: those of Pillow, which decides what is damaged."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.servers import absent
from worker.images import turbo

ASTRONAUT = Path(__file__).parents[3] / "photos" / "astronaut.jpg"
SCALES = (1, 2, 4, 8)
KINDS: dict[str, dict[str, object]] = {
    "4:2:0": {"quality": 90, "subsampling": "4:2:0"},
    "4:2:2": {"quality": 75, "subsampling": "4:2:2"},
    "4:4:4": {"quality": 98, "subsampling": "4:4:4"},
    "4:1:1": {"quality": 90, "subsampling": "4:1:1"},
    "progressive": {"quality": 85, "progressive": True},
    "with restarts": {"quality": 85, "restart_marker_blocks": 7},
    "kept as RGB": {"quality": 90, "keep_rgb": True},
}


@pytest.fixture(autouse=True)
def _installed() -> None:
    if turbo.library() is None:
        absent("simplejpeg is not installed: requirements/images.txt")


def jpeg(kind: str, size: tuple[int, int] = (701, 455)) -> bytes:
    file = io.BytesIO()
    Image.open(ASTRONAUT).resize(size).save(file, "JPEG", **KINDS[kind])
    return file.getvalue()


def opened(data: bytes, scale: int) -> Image.Image:
    """Open a JPEG, to be decoded at 1/scale."""
    image = Image.open(io.BytesIO(data))
    image.draft(None, (image.width // scale, image.height // scale))
    return image


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("size", [(701, 455), (16, 17), (320, 16)])
def test_the_pixels_are_pillow_s(kind: str, scale: int, size: tuple[int, int]) -> None:
    data = jpeg(kind, size)
    found = turbo.decode(data, opened(data, scale), None)
    expected = np.asarray(opened(data, scale))
    assert found is not None
    assert np.array_equal(found, expected)


def test_they_are_put_where_there_is_room() -> None:
    data = jpeg("4:2:0")
    room = np.zeros(701 * 455 * 3 + 5, np.uint8)
    found = turbo.decode(memoryview(data), opened(data, 1), room)
    assert found is not None
    assert np.shares_memory(found, room)
    assert np.array_equal(room[:-5], np.asarray(opened(data, 1)).ravel())
    assert not room[-5:].any()
    assert turbo.decode(data, opened(data, 1), room[:100]) is not None
    assert not np.shares_memory(turbo.decode(data, opened(data, 1), room[:100]), room)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_modes_are_left_to_pillow(mode: str) -> None:
    file = io.BytesIO()
    Image.open(ASTRONAUT).convert(mode).save(file, "JPEG")
    assert turbo.decode(file.getvalue(), opened(file.getvalue(), 1), None) is None


def test_damage_is_left_to_pillow() -> None:
    whole = jpeg("4:2:0")
    stray = whole[:-2] + b"\0\0\0stray bytes" + whole[-2:]  # a warning to libjpeg, no more
    for damaged in (whole[: len(whole) // 2], stray):
        assert turbo.decode(damaged, opened(damaged, 1), None) is None
