"""Untrusted bytes to pixels: each mode and orientation right, each damage a `DecodeFailed`."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PIL import ExifTags, Image, ImageCms

from common.errors import DecodeFailed
from common.photos import PhotoLimits
from common.renders import work_size
from worker.images import turbo
from worker.images.decode import DecodedPhoto, InProcessDecoder
from worker.sandbox.limits import DecoderLimits
from worker.sandbox.pool import DecoderPool

ASTRONAUT = Path(__file__).parents[3] / "photos" / "astronaut.jpg"
LIMITS = PhotoLimits(max_pixels=4_000_000, min_side_px=16, max_aspect=20.0)
RED, GREEN, BLUE, GRAY = (200, 30, 40), (20, 180, 60), (30, 50, 210), (128, 128, 128)


def encoded(image: Image.Image, name: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def quarters() -> Image.Image:
    """A picture of 64 x 48 with a colour in each quarter: red, green over blue, gray."""
    image = Image.new("RGB", (64, 48), RED)
    image.paste(GREEN, (32, 0, 64, 24))
    image.paste(BLUE, (0, 24, 32, 48))
    image.paste(GRAY, (32, 24, 64, 48))
    return image


Decode = Callable[..., DecodedPhoto]


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    limits = DecoderLimits(LIMITS, upload_bytes=40_000_000, cpu_s=60, memory_bytes=500_000_000)
    pool = DecoderPool(limits, processes=1)
    pool.start()
    yield pool
    pool.close()


@pytest.fixture(params=["in process", "in process, Pillow alone", "codec process"])
def decode(
    request: pytest.FixtureRequest, pool: DecoderPool, monkeypatch: pytest.MonkeyPatch
) -> Decode:
    """Decode by each decoder: `decode(data, long_side_px=1024)`."""
    if request.param == "in process, Pillow alone":
        monkeypatch.setattr(turbo, "library", lambda: None)
    decoder = pool if request.param == "codec process" else InProcessDecoder(LIMITS)
    return lambda data, long_side_px=1024: decoder.decode(data, long_side_px)


def colour_at(photo: DecodedPhoto, x: float, y: float) -> list[int]:
    """Colour at a place given in shares of width and height."""
    _, height, width = photo.pixels.shape
    return photo.pixels[:, int(y * height), int(x * width)].tolist()


def assert_near(found: list[int], expected: tuple[int, ...], tolerance: int = 3) -> None:
    assert all(abs(a - b) <= tolerance for a, b in zip(found, expected, strict=True)), found


def assert_quarters(photo: DecodedPhoto, tolerance: int = 3) -> None:
    for (x, y), colour in zip(
        ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)),
        (RED, GREEN, BLUE, GRAY),
        strict=True,
    ):
        assert_near(colour_at(photo, x, y), colour, tolerance)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_decodes_each_format(decode: Decode, name: str) -> None:
    options = {"quality": 95} if name != "GIF" else {}
    photo = decode(encoded(quarters(), name, **options))
    assert photo.pixels.dtype == torch.uint8
    assert photo.pixels.shape == (3, 48, 64)
    assert photo.pixels.permute(1, 2, 0).is_contiguous()
    assert photo.alpha is None
    assert_quarters(photo, tolerance=12)


@pytest.mark.parametrize("name", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("long_side_px", [64, 32])
def test_turns_every_orientation_upright(
    decode: Decode, name: str, orientation: int, long_side_px: int
) -> None:
    to_stored = {  # the inverse of what a viewer does
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    turn = to_stored.get(orientation)
    stored = quarters() if turn is None else quarters().transpose(turn)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    photo = decode(encoded(stored, name, exif=exif), long_side_px)
    assert photo.pixels.shape == (3, long_side_px * 3 // 4, long_side_px)
    assert_quarters(photo, tolerance=6)


@pytest.mark.parametrize("sides", [(2000, 1501), (1501, 2000), (1999, 333), (641, 640)])
@pytest.mark.parametrize("long_side_px", [256, 640, 1000, 2048])
def test_comes_at_work_size_and_is_never_enlarged(
    decode: Decode, sides: tuple[int, int], long_side_px: int
) -> None:
    photo = decode(encoded(Image.new("RGB", sides, BLUE), "JPEG"), long_side_px)
    width, height = work_size(*sides, long_side_px)
    assert photo.pixels.shape == (3, height, width)
    assert max(width, height) == min(long_side_px, max(sides))
    assert_near(colour_at(photo, 0.5, 0.5), BLUE, tolerance=4)


def test_a_scaled_jpeg_is_as_good_as_a_whole_one(decode: Decode) -> None:
    portrait = Image.open(ASTRONAUT).resize((1500, 1500), Image.Resampling.BICUBIC)
    portrait = Image.blend(portrait, Image.effect_noise((1500, 1500), 90).convert("RGB"), 0.2)
    whole = Image.open(io.BytesIO(encoded(portrait, "JPEG", quality=97)))
    expected = decode(encoded(whole, "PNG", compress_level=1), 480).pixels.float()
    scaled = decode(encoded(portrait, "JPEG", quality=97), 480).pixels.float()
    error = (scaled - expected).square().mean()
    assert 10 * torch.log10(255**2 / error) > 44


def test_converts_a_profile_to_srgb(decode: Decode) -> None:
    swapped = _profile_with_red_and_green_swapped()
    assert_near(
        colour_at(decode(encoded(quarters(), "PNG", icc_profile=swapped)), 0.25, 0.25),
        (30, 200, 40),
        6,
    )
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert_quarters(decode(encoded(quarters(), "PNG", icc_profile=srgb)), tolerance=1)


@pytest.mark.parametrize("profile", [b"no profile", b"\0" * 200])
def test_passes_over_a_broken_profile(decode: Decode, profile: bytes) -> None:
    assert_quarters(decode(encoded(quarters(), "PNG", icc_profile=profile)))


def test_passes_over_a_profile_of_another_colour_space(decode: Decode) -> None:
    profile = _profile_with_red_and_green_swapped()
    photo = decode(encoded(Image.new("L", (32, 32), 99), "PNG", icc_profile=profile))
    assert_near(colour_at(photo, 0.5, 0.5), (99, 99, 99))


def _profile_with_red_and_green_swapped() -> bytes:
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace(b"rXYZ", b"tmp_").replace(b"gXYZ", b"rXYZ").replace(b"tmp_", b"gXYZ")
    return data.replace("sRGB built-in".encode("utf-16-be"), "swapped space".encode("utf-16-be"))


def test_decodes_cmyk(decode: Decode) -> None:
    cyan = decode(encoded(Image.new("CMYK", (64, 64), (255, 0, 0, 0)), "JPEG", quality=95))
    assert_near(colour_at(cyan, 0.5, 0.5), (0, 255, 255), tolerance=4)
    black = decode(encoded(Image.new("CMYK", (64, 64), (0, 0, 0, 255)), "JPEG", quality=95))
    assert_near(colour_at(black, 0.5, 0.5), (0, 0, 0), tolerance=4)


@pytest.mark.parametrize(
    ("level", "expected"), [(0, 0), (128, 0), (129, 1), (32896, 128), (65535, 255)]
)
def test_rounds_16_bit_gray(decode: Decode, level: int, expected: int) -> None:
    data = encoded(Image.new("I;16", (32, 32), level), "PNG")
    assert colour_at(decode(data), 0.5, 0.5) == [expected] * 3


def test_keeps_the_transparent_level_of_16_bit_gray(decode: Decode) -> None:
    row = (5000).to_bytes(2, "little") * 16 + (40000).to_bytes(2, "little") * 16
    image = Image.frombytes("I;16", (32, 32), row * 32)
    photo = decode(encoded(image, "PNG", transparency=5000))
    assert photo.alpha is not None
    assert photo.alpha[16, [4, 28]].tolist() == [0, 255]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (32, 32), 77), (77, 77, 77)),
        (Image.new("1", (32, 32), 1), (255, 255, 255)),
        (Image.new("LA", (32, 32), (77, 255)), (77, 77, 77)),
        (Image.new("RGB", (32, 32), RED).convert("P", palette=Image.Palette.ADAPTIVE), RED),
    ],
)
def test_decodes_modes_without_transparency(
    decode: Decode, image: Image.Image, expected: tuple[int, ...]
) -> None:
    photo = decode(encoded(image, "PNG"))
    assert photo.alpha is None
    assert_near(colour_at(photo, 0.5, 0.5), expected, tolerance=1)


def _half_transparent(mode: str) -> Image.Image:
    """Left half transparent over a hidden colour, right half opaque."""
    if mode == "LA":
        image = Image.new("LA", (64, 64), (10, 0))
        image.paste((90, 255), (32, 0, 64, 64))
        return image
    image = Image.new("RGBA", (64, 64), (*GREEN, 0))
    image.paste((90, 90, 90, 255), (32, 0, 64, 64))
    return image


@pytest.mark.parametrize(
    ("mode", "name"), [("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "GIF"), ("RGBA", "WEBP")]
)
@pytest.mark.parametrize("long_side_px", [64, 30])
def test_sets_alpha_aside(decode: Decode, mode: str, name: str, long_side_px: int) -> None:
    options = {"lossless": True} if name == "WEBP" else {}
    photo = decode(encoded(_half_transparent(mode), name, **options), long_side_px)
    assert photo.alpha is not None
    assert photo.alpha.dtype == torch.uint8
    assert photo.alpha.shape == (long_side_px, long_side_px)
    middle = long_side_px // 2
    assert photo.alpha[middle, [1, -2]].tolist() == [0, 255]
    assert colour_at(photo, 0.1, 0.5) == [255, 255, 255]
    assert_near(colour_at(photo, 0.9, 0.5), (90, 90, 90))
    seen = photo.alpha > 40  # the hidden green does not bleed into what is seen
    assert (photo.pixels[:, seen].float() - 90).abs().max() <= 6


def test_takes_the_first_frame(decode: Decode) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, GREEN, BLUE)]
    for name in ("GIF", "PNG", "WEBP", "AVIF"):
        data = encoded(frames[0], name, save_all=True, append_images=frames[1:])
        assert_near(colour_at(decode(data), 0.5, 0.5), RED, tolerance=12)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_pixels_that_are_cut_off_fail(decode: Decode, name: str) -> None:
    noise = Image.effect_noise((300, 300), 80).convert("RGB")
    data = encoded(noise, name)
    with pytest.raises(DecodeFailed) as caught:
        decode(data[: len(data) // 2])
    assert (caught.value.retryable, caught.value.picture_at_fault) == (False, True)


def test_what_passes_the_limits_elsewhere_is_refused_here_too(decode: Decode) -> None:
    for data in (b"", b"text", encoded(Image.new("RGB", (2001, 2000)), "PNG")):
        with pytest.raises(DecodeFailed):
            decode(data)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_damage_anywhere_gives_pixels_or_our_error(decode: Decode, name: str) -> None:
    whole = encoded(quarters(), name)
    refused = 0
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        try:
            decode(bytes(damaged))
        except DecodeFailed:  # anything else fails the test
            refused += 1
    assert refused > 0
