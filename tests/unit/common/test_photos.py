"""What a photo's header says: formats by content, limits before decoding, hostile headers."""

import contextlib
import dataclasses
import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import ExifTags, Image

from common.errors import (
    ImageTooSmall,
    InvalidImage,
    RequestError,
    TooManyPixels,
    UnsupportedMediaType,
)
from common.photos import Photo, PhotoFormat, PhotoLimits, decodes_heif, inspect
from common.settings import Settings
from tests.support.heif import clap, heif_header, irot, ispe

LIMITS = PhotoLimits(max_pixels=1_000_000, min_side_px=16, max_aspect=20.0)
ACCEPTED = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")


def encoded(image: Image.Image, name: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def picture(width: int = 64, height: int = 48, level: int = 90) -> Image.Image:
    return Image.new("RGB", (width, height), (level, 20, 200))


def look(data: bytes, limits: PhotoLimits = LIMITS) -> Photo:
    return inspect(io.BytesIO(data), limits)


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")


def webp_header(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + sides


@pytest.mark.parametrize("name", ACCEPTED)
def test_reads_each_accepted_format_by_its_content(name: str) -> None:
    photo = look(encoded(picture(), name))
    assert (photo.content_type, photo.width, photo.height) == (f"image/{name.lower()}", 64, 48)
    assert (photo.frames, photo.orientation, photo.long_side_px) == (1, 1, 64)


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"quality": 60}, {"exif": b"Exif\0\0II*\0"}]
)
def test_reads_each_kind_of_webp(options: dict[str, object]) -> None:
    assert look(encoded(picture(70, 33), "WEBP", **options)).width == 70


def test_takes_the_first_of_a_camera_s_several_pictures() -> None:
    data = encoded(picture(900, 900), "MPO", save_all=True, append_images=[picture(900, 900)])
    photo = look(data)
    assert (photo.content_type, photo.frames) == ("image/jpeg", 1)


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG", "AVIF"])
def test_counts_the_frames_of_an_animation(name: str) -> None:
    frames = [picture(level=level) for level in (10, 120, 250)]
    data = encoded(frames[0], name, save_all=True, append_images=frames[1:])
    assert look(data).frames == 3
    with pytest.raises(TooManyPixels, match="64 x 48 pixels in 3 frames"):
        look(data, PhotoLimits(max_pixels=64 * 48 * 3 - 1, min_side_px=16, max_aspect=20.0))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_applies_the_orientation_to_the_sides(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    for name in ("JPEG", "PNG", "WEBP"):
        photo = look(encoded(picture(), name, exif=exif))
        assert photo.orientation == orientation
        assert (photo.width, photo.height) == ((48, 64) if orientation >= 5 else (64, 48))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_passes_over_an_orientation_that_does_not_exist(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    assert look(encoded(picture(), "JPEG", exif=exif)).orientation == 1


def test_passes_over_exif_that_is_garbage() -> None:
    assert look(encoded(picture(), "PNG", exif=b"Exif\0\0no tags at all")).orientation == 1


@pytest.mark.parametrize(
    "data",
    [b"hello, I am called photo.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"]
    + [encoded(picture(), name) for name in ("TIFF", "BMP", "ICO", "PPM", "TGA")]
    + [b"8BPS\0\1", b"%!PS-Adobe-3.0 EPSF-3.0", b"PK\3\4", b"\0" * 100],
)
def test_refuses_what_is_not_one_of_our_formats(data: bytes) -> None:
    with pytest.raises(UnsupportedMediaType):
        look(data)


def test_reads_the_sides_of_a_heif_without_its_codec() -> None:
    photo = look(heif_header(ispe(900, 700), irot(1)))
    assert (photo.content_type, photo.width, photo.height) == ("image/heif", 700, 900)
    assert (photo.frames, photo.orientation) == (1, 1)


def test_says_in_plain_words_that_heif_is_not_read_here() -> None:
    limits = dataclasses.replace(LIMITS, heif=False)
    assert PhotoFormat.HEIF in LIMITS.formats
    assert PhotoFormat.HEIF not in limits.formats
    with pytest.raises(UnsupportedMediaType, match="HEIF is not read here"):
        look(heif_header(ispe(900, 700)), limits)


def test_a_heif_s_limits_hold_for_what_is_coded_and_for_what_is_seen() -> None:
    with pytest.raises(TooManyPixels, match="1001 x 1000"):
        look(heif_header(ispe(1001, 1000), clap(20, 20)))
    with pytest.raises(ImageTooSmall, match="15 x 900"):
        look(heif_header(ispe(900, 900), clap(15, 900)))


@pytest.mark.parametrize("word", [None, True, False])
def test_heif_is_read_where_it_is_said_or_else_where_it_can_be(word: bool | None) -> None:
    expected = decodes_heif() if word is None else word
    assert PhotoLimits.of(Settings(heif=word)).heif == expected


@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize("size_bytes", [14, 20])
def test_refuses_a_header_that_is_cut_off(name: str, size_bytes: int) -> None:
    with pytest.raises(InvalidImage):
        look(encoded(picture(), name)[:size_bytes])


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"])
def test_refuses_a_file_without_a_header(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        look(data)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF"])
def test_accepts_what_is_cut_off_only_in_its_pixels(name: str) -> None:
    noise = Image.effect_noise((200, 200), 80).convert("RGB")
    data = encoded(noise, name)
    assert look(data[: len(data) * 2 // 3]).width == 200


def test_believes_the_size_of_a_png_that_ends_behind_its_header() -> None:
    with pytest.raises(TooManyPixels, match="30000 x 30000"):
        look(png_header(30000, 30000)[:33])


@pytest.mark.parametrize("header", [png_header, webp_header])
@pytest.mark.parametrize("sides", [(30000, 30000), (13000, 7000), (16383, 16383)])
def test_says_how_many_pixels_are_too_many(
    header: Callable[[int, int], bytes], sides: tuple[int, int]
) -> None:
    limits = PhotoLimits.of(Settings())
    with pytest.raises(TooManyPixels, match=f"{sides[0]} x {sides[1]} pixels.*At most 40 "):
        look(header(*sides), limits)


def test_takes_exactly_the_most_pixels_and_the_least_side() -> None:
    assert look(png_header(1000, 1000)).width == 1000
    assert look(png_header(16, 16)).width == 16
    assert look(png_header(320, 16)).width == 320


@pytest.mark.parametrize("sides", [(15, 64), (64, 15), (1, 1)])
def test_says_which_side_is_too_short(sides: tuple[int, int]) -> None:
    with pytest.raises(ImageTooSmall, match=f"{sides[0]} x {sides[1]} pixels.*at least 16"):
        look(png_header(*sides))


def test_refuses_a_stripe() -> None:
    with pytest.raises(InvalidImage, match=r"321 x 16 pixels.*20 times"):
        look(png_header(321, 16))


def test_counts_the_blocks_of_a_hostile_gif_only_so_far() -> None:
    start = b"GIF89a" + struct.pack("<HHBBB", 16, 16, 0, 0, 0)
    with pytest.raises(InvalidImage, match="too many blocks"):
        look(start + b"!\xfe\0" * 600_000)
    with pytest.raises(InvalidImage, match="too many blocks"):
        look(start + b",\0\0\0\0\x10\0\x10\0\0\2" + b"\1a" * 600_000)


def test_leaves_the_file_open_and_at_its_beginning() -> None:
    for name in ACCEPTED:
        file = io.BytesIO(encoded(picture(), name))
        inspect(file, LIMITS)
        assert file.tell() == 0
    file = io.BytesIO(b"text")
    with pytest.raises(UnsupportedMediaType):
        inspect(file, LIMITS)
    assert file.tell() == 0


@pytest.mark.parametrize("name", ACCEPTED)
def test_answers_every_damage_with_an_error_of_ours(name: str) -> None:
    whole = encoded(picture(), name)
    for at in range(min(len(whole), 400)):
        for value in (0, 0x7F, 0xFF):
            damaged = bytearray(whole)
            damaged[at] = value
            with contextlib.suppress(RequestError):  # anything else fails the test
                look(bytes(damaged))
