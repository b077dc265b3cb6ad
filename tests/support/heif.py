"""Makes HEIF files for tests: real ones, and boxes by hand that hold no pixels."""

import io
import struct

from PIL import Image

from tests.support.servers import absent
from worker.images import heif


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box (ISO/IEC 14496-12, 4.2)."""
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def ispe(width: int, height: int) -> bytes:
    """Return the property that says a picture's coded sides."""
    return box(b"ispe", bytes(4), struct.pack(">II", width, height))


def irot(quarters: int) -> bytes:
    """Return the property that turns a picture against the clock."""
    return box(b"irot", bytes([quarters]))


def clap(width: int, height: int) -> bytes:
    """Return the property that cuts a picture about its middle."""
    return box(b"clap", struct.pack(">8I", 2 * width, 2, height, 1, 0, 1, 0, 1))


def heif_header(*properties: bytes, kind: bytes = b"hvc1", primary: int = 2) -> bytes:
    """Return a HEIF with two items, 1 of 20 x 20 pixels and 2 with these properties."""
    indices = b"".join(bytes([0x80 | number]) for number in range(2, len(properties) + 2))
    associations = [
        struct.pack(">HBB", 1, 1, 1),
        struct.pack(">HB", 2, len(properties)) + indices,
    ]
    return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + box(
        b"meta",
        bytes(4),
        box(b"hdlr", bytes(8), b"pict", bytes(13)),
        box(b"pitm", bytes(4), struct.pack(">H", primary)),
        box(b"iinf", bytes(4), struct.pack(">H", 2), _infe(1, b"hvc1"), _infe(2, kind)),
        box(
            b"iprp",
            box(b"ipco", ispe(20, 20), *properties),
            box(b"ipma", bytes(4), struct.pack(">I", 2), *associations),
        ),
    )


def _infe(number: int, kind: bytes) -> bytes:
    return box(b"infe", b"\2\0\0\0", struct.pack(">HH", number, 0), kind, b"\0")


def heic(image: Image.Image, **options: object) -> bytes:
    """Encode a real one; the test is left out where pillow-heif is not installed."""
    heif.register()
    if "HEIF" not in Image.SAVE:
        absent("pillow-heif is not installed: requirements/images.txt")
    file = io.BytesIO()
    image.save(file, "HEIF", **options)
    return file.getvalue()
