"""A codec process gives exactly the pixels that its codecs give in any other process."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import ExifTags, Image, ImageCms

from tests.integration.worker.sandbox.conftest import PHOTO_LIMITS, MakePool
from worker.images.decode import InProcessDecoder

ASTRONAUT = Path(__file__).parents[3] / "photos" / "astronaut.jpg"


def encoded(image: Image.Image, name: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def with_alpha(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.putalpha(image.getchannel("G"))
    return image


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return exif


def foreign_profile() -> bytes:
    """A profile that swaps red and green and does not call itself sRGB."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace(b"rXYZ", b"tmp_").replace(b"gXYZ", b"rXYZ").replace(b"tmp_", b"gXYZ")
    return data.replace("sRGB built-in".encode("utf-16-be"), "swapped space".encode("utf-16-be"))


CASES: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG": lambda photo: encoded(photo, "JPEG", quality=90),
    "JPEG, turned": lambda photo: encoded(photo, "JPEG", quality=90, exif=turned()),
    "PNG, alpha and turned": lambda photo: encoded(
        with_alpha(photo), "PNG", compress_level=1, exif=turned()
    ),
    "JPEG, CMYK": lambda photo: encoded(photo.convert("CMYK"), "JPEG", quality=90),
    "JPEG, profile": lambda photo: encoded(photo, "JPEG", icc_profile=foreign_profile()),
    "PNG, gray": lambda photo: encoded(photo.convert("L"), "PNG"),
    "PNG, alpha": lambda photo: encoded(with_alpha(photo), "PNG", compress_level=1),
    "PNG, alpha and profile": lambda photo: encoded(
        with_alpha(photo), "PNG", compress_level=1, icc_profile=foreign_profile()
    ),
    "WebP, alpha": lambda photo: encoded(with_alpha(photo), "WEBP", method=0),
    "AVIF": lambda photo: encoded(photo, "AVIF", speed=10),
    "GIF": lambda photo: encoded(photo.quantize(64), "GIF", transparency=3),
}


@pytest.mark.parametrize("long_side_px", [2048, 1000, 333])
@pytest.mark.parametrize("case", CASES)
def test_the_pixels_are_the_same(make_pool: MakePool, case: str, long_side_px: int) -> None:
    data = CASES[case](Image.open(ASTRONAUT).resize((1400, 1111)))
    expected = InProcessDecoder(PHOTO_LIMITS).decode(data, long_side_px)
    found = make_pool().decode(data, long_side_px)
    assert torch.equal(found.pixels, expected.pixels)
    assert (found.alpha is None) == (expected.alpha is None)
    if found.alpha is not None and expected.alpha is not None:
        assert torch.equal(found.alpha, expected.alpha)
