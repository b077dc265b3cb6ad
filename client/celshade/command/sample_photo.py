"""A sample photo for the doctor: small, and different each time, so that it is really rendered."""

import secrets
import struct
import zlib

_SIDE_PX = 64
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def sample_photo() -> bytes:
    """Draw a PNG of 64 x 64 pixels: a slope of one random colour into another.

    Source: Portable Network Graphics (PNG) Specification, 3rd edition, W3C, chapters 5, 9 and 11.
    """
    first, second = secrets.token_bytes(3), secrets.token_bytes(3)
    row = bytes(
        a + (b - a) * x // (_SIDE_PX - 1)
        for x in range(_SIDE_PX)
        for a, b in zip(first, second, strict=True)
    )
    pixels = zlib.compress((b"\x00" + row) * _SIDE_PX)  # each row's filter: none
    header = struct.pack(">IIBBBBB", _SIDE_PX, _SIDE_PX, 8, 2, 0, 0, 0)  # 8 bits, RGB
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))
