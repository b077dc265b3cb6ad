"""Finished files: the right format and colours, alpha where there can be, and no metadata."""

import io

import pytest
import torch
from PIL import Image

from common.errors import InternalError
from common.renders import PictureFormat
from worker.images.encode import encode

COLOUR = (210, 60, 30)


def picture() -> torch.Tensor:
    return torch.tensor(COLOUR, dtype=torch.uint8).view(3, 1, 1).expand(3, 40, 56)


def half_alpha() -> torch.Tensor:
    alpha = torch.full((40, 56), 255, dtype=torch.uint8)
    alpha[:, :28] = 0
    return alpha


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("picture_format", PictureFormat)
def test_encodes_each_format(picture_format: PictureFormat) -> None:
    quality = 92 if picture_format.has_quality else None
    image = opened(encode(picture(), None, picture_format=picture_format, quality=quality))
    assert (image.format, image.mode, image.size) == (picture_format.name, "RGB", (56, 40))
    found = image.getpixel((20, 20))
    assert isinstance(found, tuple)
    assert all(abs(a - b) <= 4 for a, b in zip(found, COLOUR, strict=True))


@pytest.mark.parametrize("picture_format", PictureFormat)
def test_writes_no_metadata(picture_format: PictureFormat) -> None:
    data = encode(picture(), None, picture_format=picture_format, quality=80)
    image = opened(data)
    assert dict(image.getexif()) == {}
    assert not {"exif", "xmp", "icc_profile", "comment", "Software"} & set(image.info)
    assert b"Exif" not in data


def test_png_is_lossless() -> None:
    noise = torch.randint(0, 256, (3, 33, 47), dtype=torch.uint8)
    data = encode(noise, None, picture_format=PictureFormat.PNG, quality=None)
    found = torch.frombuffer(bytearray(opened(data).tobytes()), dtype=torch.uint8)
    assert torch.equal(found.view(33, 47, 3).permute(2, 0, 1), noise)


@pytest.mark.parametrize("picture_format", [PictureFormat.PNG, PictureFormat.WEBP])
def test_keeps_alpha(picture_format: PictureFormat) -> None:
    data = encode(picture(), half_alpha(), picture_format=picture_format, quality=92)
    image = opened(data)
    assert image.mode == "RGBA"
    alpha = image.getchannel("A")
    assert (alpha.getpixel((5, 20)), alpha.getpixel((50, 20))) == (0, 255)


def test_a_jpeg_shows_transparency_over_white() -> None:
    alpha = half_alpha()
    image = opened(encode(picture(), alpha, picture_format=PictureFormat.JPEG, quality=95))
    left, right = image.getpixel((8, 20)), image.getpixel((48, 20))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert min(left) >= 250
    assert all(abs(a - b) <= 6 for a, b in zip(right, COLOUR, strict=True))


@pytest.mark.parametrize("picture_format", [PictureFormat.JPEG, PictureFormat.WEBP])
def test_quality_decides_the_size(picture_format: PictureFormat) -> None:
    noise = torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)
    sizes = [
        len(encode(noise, None, picture_format=picture_format, quality=quality))
        for quality in (1, 50, 100)
    ]
    assert sizes == sorted(set(sizes))


def test_a_picture_no_encoder_takes_is_an_error_of_ours() -> None:
    wide = torch.zeros(3, 1, 70_000, dtype=torch.uint8)
    with pytest.raises(InternalError):
        encode(wide, None, picture_format=PictureFormat.JPEG, quality=90)
