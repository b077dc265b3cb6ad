"""HEIC photos: the primary picture, upright exactly once, as 8 bits, alpha and profile kept."""

import importlib
import io

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from common.errors import DecodeFailed
from common.heif_boxes import heif_sides
from common.photos import PhotoLimits, inspect
from tests.support.heif import heic, heif_header, irot, ispe
from worker.images.decode import DecodedPhoto, InProcessDecoder

LIMITS = PhotoLimits(max_pixels=4_000_000, min_side_px=16, max_aspect=20.0)
RED, GREEN, BLUE, GRAY = (200, 30, 40), (20, 180, 60), (30, 50, 210), (128, 128, 128)
TOLERANCE = 16  # HEVC with half the chroma resolution


def quarters(width: int = 128, height: int = 96) -> Image.Image:
    """A picture with a colour in each quarter: red, green over blue, gray."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(GRAY, (width // 2, height // 2, width, height))
    return image


def decode(data: bytes, long_side_px: int = 1024) -> DecodedPhoto:
    return InProcessDecoder(LIMITS).decode(data, long_side_px)


def assert_quarters(photo: DecodedPhoto, expected: tuple[tuple[int, int, int], ...]) -> None:
    _, height, width = photo.pixels.shape
    places = ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))
    for (x, y), colour in zip(places, expected, strict=True):
        found = photo.pixels[:, int(y * height), int(x * width)]
        assert (found - torch.tensor(colour)).abs().max() <= TOLERANCE, (found, colour)


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif.tobytes()


@pytest.mark.parametrize("long_side_px", [128, 64])
@pytest.mark.parametrize("size", [(128, 96), (127, 95)])
def test_decodes_to_work_size(size: tuple[int, int], long_side_px: int) -> None:
    photo = decode(heic(quarters(*size), quality=90), long_side_px)
    assert max(photo.pixels.shape) == min(long_side_px, size[0])
    assert photo.alpha is None
    assert_quarters(photo, (RED, GREEN, BLUE, GRAY))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_is_turned_once_by_its_boxes_whatever_its_exif_says(orientation: int) -> None:
    """The encoder writes boxes that turn, and the EXIF that says the same once more."""
    data = heic(quarters(), quality=90, exif=exif_of(orientation))
    assert (b"irot" in data or b"imir" in data) == (orientation > 1)
    turned = {  # what is seen: the quarters in the order of reading
        1: (RED, GREEN, BLUE, GRAY),
        2: (GREEN, RED, GRAY, BLUE),
        3: (GRAY, BLUE, GREEN, RED),
        4: (BLUE, GRAY, RED, GREEN),
        5: (RED, BLUE, GREEN, GRAY),
        6: (BLUE, RED, GRAY, GREEN),
        7: (GRAY, GREEN, BLUE, RED),
        8: (GREEN, GRAY, RED, BLUE),
    }
    photo = decode(data)
    seen = heif_sides(io.BytesIO(data)).seen
    assert photo.pixels.shape == (3, seen[1], seen[0])
    assert seen == ((96, 128) if orientation >= 5 else (128, 96))
    assert_quarters(photo, turned[orientation])


def test_exif_alone_turns_nothing() -> None:
    data = heic(quarters(), quality=90, exif=exif_of(6)).replace(b"irot", b"free")
    assert_quarters(decode(data), (RED, GREEN, BLUE, GRAY))


def test_tiles_make_one_picture() -> None:
    data = heic(quarters(640, 480), quality=90, tile_size=256)
    assert b"grid" in data
    photo = decode(data)
    assert photo.pixels.shape == (3, 480, 640)
    assert_quarters(photo, (RED, GREEN, BLUE, GRAY))


def test_the_primary_picture_is_taken() -> None:
    other = Image.new("RGB", (320, 240), BLUE)
    data = heic(other, save_all=True, append_images=[quarters()], primary_index=1, quality=90)
    photo = inspect(io.BytesIO(data), LIMITS)
    assert (photo.width, photo.height, photo.frames) == (128, 96, 1)
    assert_quarters(decode(data), (RED, GREEN, BLUE, GRAY))


def test_a_thumbnail_is_never_shown_in_its_place() -> None:
    data = heic(quarters(640, 480), quality=90, thumbnails=[256])
    assert b"thmb" in data
    assert decode(data, 64).pixels.shape == (3, 48, 64)
    whole = heic(quarters(640, 480), quality=90)
    assert torch.equal(decode(data, 64).pixels, decode(whole, 64).pixels)


def test_ten_bits_become_eight() -> None:
    heic(quarters())  # left out where nothing could encode it
    encode = importlib.import_module("pillow_heif").encode
    wide = np.asarray(quarters()).astype(np.uint16) * 257
    file = io.BytesIO()
    encode("RGB;16", (128, 96), wide.tobytes(), file, quality=95)
    image = Image.open(io.BytesIO(file.getvalue()))
    assert image.info["bit_depth"] == 10
    assert_quarters(decode(file.getvalue()), (RED, GREEN, BLUE, GRAY))


def test_alpha_is_set_aside() -> None:
    image = quarters()
    image.putalpha(Image.new("L", image.size, 255))
    image.paste((0, 0, 0, 0), (0, 0, 64, 96))
    photo = decode(heic(image, quality=-1, chroma=444))
    assert photo.alpha is not None
    assert photo.alpha[48, [5, 120]].tolist() == [0, 255]
    assert photo.pixels[:, 48, 5].tolist() == [255, 255, 255]


def test_damage_anywhere_gives_pixels_or_our_error() -> None:
    whole, refused = heic(quarters()), 0
    for at in range(0, len(whole), max(1, len(whole) // 200)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        try:
            decode(bytes(damaged))
        except DecodeFailed:  # anything else fails the test
            refused += 1
    assert refused > 0


def test_boxes_that_lie_about_the_sides_are_refused() -> None:
    data = heic(quarters())
    lying = data.replace(ispe(128, 96), ispe(256, 96))
    assert lying != data
    with pytest.raises(DecodeFailed):
        decode(lying)


def test_a_file_without_pixels_is_refused() -> None:
    heic(quarters())  # left out where nothing could decode it
    with pytest.raises(DecodeFailed):
        decode(heif_header(ispe(640, 480), irot(1)))
