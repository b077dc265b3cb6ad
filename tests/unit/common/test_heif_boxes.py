"""A HEIF's sides from its boxes: cut and turned, damage and tricks refused, in bounded time."""

import contextlib
import io
import struct

import pytest

from common.errors import InvalidImage
from common.heif_boxes import HeifSides, heif_sides
from tests.support.heif import box, clap, heif_header, irot, ispe


def read(data: bytes) -> HeifSides:
    return heif_sides(io.BytesIO(data))


@pytest.mark.parametrize(
    ("properties", "seen"),
    [
        ([ispe(4032, 3024)], (4032, 3024)),
        ([ispe(4032, 3024), irot(1)], (3024, 4032)),
        ([ispe(4032, 3024), irot(2)], (4032, 3024)),
        ([ispe(4032, 3024), irot(3)], (3024, 4032)),
        ([ispe(4032, 3024), clap(4000, 3000)], (4000, 3000)),
        ([ispe(4032, 3024), clap(4000, 3000), irot(1)], (3000, 4000)),
        ([ispe(4032, 3024), irot(1), clap(3000, 4000)], (3000, 4000)),
        ([ispe(4032, 3024), clap(9000, 9000)], (4032, 3024)),
        ([ispe(4032, 3024), box(b"imir", b"\1"), box(b"hvcC", bytes(90))], (4032, 3024)),
    ],
)
def test_cuts_and_turns_are_applied(properties: list[bytes], seen: tuple[int, int]) -> None:
    assert read(heif_header(*properties)) == ((4032, 3024), seen)


def test_the_primary_picture_counts() -> None:
    header = heif_header(ispe(4032, 3024))
    assert read(header).seen == (4032, 3024)
    assert read(heif_header(ispe(4032, 3024), primary=1)).seen == (20, 20)


def test_other_boxes_may_come_first() -> None:
    header = heif_header(ispe(640, 480))
    start = struct.unpack(">I", header[:4])[0]
    long = struct.pack(">I4sQ", 1, b"free", 16 + 5) + bytes(5)
    assert read(header[:start] + long + box(b"mdat", bytes(99)) + header[start:]).seen == (640, 480)


@pytest.mark.parametrize("kind", [b"iden", b"iovl", b"auxl", b"av01", b"mski", b"Exif"])
def test_a_primary_picture_made_of_others_is_refused(kind: bytes) -> None:
    assert read(heif_header(ispe(640, 480), kind=b"grid")).seen == (640, 480)
    with pytest.raises(InvalidImage, match="not a plain photo"):
        read(heif_header(ispe(640, 480), kind=kind))


@pytest.mark.parametrize(
    "header",
    [
        b"",
        heif_header(),
        heif_header(irot(1)),
        heif_header(ispe(0, 480)),
        heif_header(box(b"ispe", bytes(9))),
        heif_header(ispe(640, 480), box(b"clap", bytes(32))),
        heif_header(ispe(640, 480), clap(0, 10)),
        heif_header(ispe(640, 480), primary=3),
        heif_header(ispe(640, 480))[:-1],
        box(b"ftyp", b"heic") + box(b"mdat", bytes(99)),
        box(b"ftyp", b"heic") + struct.pack(">I4s", 0x7FFFFFFF, b"meta") + bytes(99),
        box(b"ftyp", b"heic") + box(b"meta", bytes(4), b"\0\0\0\4junk"),
    ],
)
def test_what_says_no_sides_is_refused(header: bytes) -> None:
    with pytest.raises(InvalidImage):
        read(header)


@pytest.mark.parametrize(
    "header",
    [
        box(b"free") * 10_000 + heif_header(ispe(640, 480)),
        box(b"ftyp", b"heic") + box(b"meta", bytes(4), box(b"free") * 10_000),
        box(b"ftyp", b"heic") + box(b"meta", bytes(2**20)),
    ],
)
def test_boxes_without_end_are_refused(header: bytes) -> None:
    with pytest.raises(InvalidImage):
        read(header)


def test_every_damage_is_an_error_of_ours() -> None:
    whole = heif_header(ispe(640, 480), clap(600, 400), irot(1))
    for at in range(len(whole)):
        for value in (0, 1, 0x7F, 0xFF):
            damaged = bytearray(whole)
            damaged[at] = value
            with contextlib.suppress(InvalidImage):  # anything else fails the test
                read(bytes(damaged))
        with contextlib.suppress(InvalidImage):
            read(whole[:at])
