"""Photos for tests, small ones and hostile ones: those hurt whoever decodes them."""

import io
import random
import struct

from PIL import Image

_BLOCK_PX = 8
# Blocks without a coefficient that one symbol announces (ITU T.81, G.1.2.2).
_LONGEST_RUN = 2**15 - 1


def flat_photo(
    colour: tuple[int, int, int], *, number: int = 0, size: tuple[int, int] = (64, 64)
) -> bytes:
    """Return a PNG of one colour; `number` marks one corner, so that no two have the same bytes."""
    image = Image.new("RGB", size, colour)
    for bit in range(16):
        if number >> bit & 1:
            image.putpixel((bit, 0), (0, 0, 0))
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()


def grainy_photo(numbers: random.Random, *, side_px: int = 64) -> bytes:
    """Return a PNG of noise, whose bytes no compression makes fewer: three for each pixel."""
    image = Image.frombytes("RGB", (side_px, side_px), numbers.randbytes(3 * side_px * side_px))
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()


def photo(width: int = 320, height: int = 240, *, shade: int = 10, kind: str = "jpeg") -> bytes:
    """Return a real photo; shades from 0 to 10 make other bytes each."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (25 * shade % 256, 90, 200)).save(file, kind)
    return file.getvalue()


def scan_bomb(*, side_px: int = 4096, scans: int = 20_000) -> bytes:
    """Return a progressive JPEG whose many scans say nothing, each over all blocks of the picture.

    Some 40 bytes a scan make a decoder visit every block: milliseconds for 4096 x 4096 pixels. Its
    header is that of any gray photo.
    """
    blocks = (side_px // _BLOCK_PX) ** 2
    scan = _segment(0xDA, bytes([1, 1, 0x00, 1, 63, 0x00])) + _empty_blocks(blocks)
    return b"".join(
        [
            b"\xff\xd8",
            _segment(0xDB, bytes([0]) + bytes([1] * 64)),
            _segment(0xC2, struct.pack(">BHHB", 8, side_px, side_px, 1) + bytes([1, 0x11, 0])),
            # One Huffman code each: DC "no difference", AC "a run of 2^14 or more empty blocks".
            _segment(0xC4, bytes([0x00, 1, *[0] * 15, 0x00])),
            _segment(0xC4, bytes([0x10, 1, *[0] * 15, 0xE0])),
            _segment(0xDA, bytes([1, 1, 0x00, 0, 0, 0x00])) + bytes(-(-blocks // 8)),
            scan * scans,
            b"\xff\xd9",
        ]
    )


def memory_bomb(name: str, *, side_px: int = 6000) -> bytes:
    """Return a flat picture of a few KB, as WebP or PNG, that takes over 100 MB as pixels."""
    file = io.BytesIO()
    options = {"WEBP": {"lossless": True, "method": 0}, "PNG": {}}[name]
    Image.new("RGB", (side_px, side_px), (90, 120, 200)).save(file, name, **options)
    return file.getvalue()


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _empty_blocks(blocks: int) -> bytes:
    """Return the entropy-coded data of an AC scan in which every block is empty."""
    bits = ""
    while blocks >= 2**14:
        run = min(blocks, _LONGEST_RUN)
        bits += f"0{run - 2**14:014b}"
        blocks -= run
    bits += "1" * (-len(bits) % 8)  # what is left is missing; decoders take it for empty
    data = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return data.replace(b"\xff", b"\xff\x00")
