"""Files that pass every look at their header and hurt whoever decodes them."""

import io
import struct

from PIL import Image

_BLOCK_PX = 8
_LONGEST_RUN = (
    2**15 - 1
)  # blocks without a coefficient that one symbol announces (ITU T.81, G.1.2.2)


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
