"""Photo headers: the size of a WebP or PNG and the frames of a GIF, read before any decoder.

Never decodes a pixel, and reads a bounded number of blocks.
"""

from typing import BinaryIO, Final

from common.errors import InvalidImage

_MAX_GIF_BLOCKS: Final = 500_000  # three times as many as in a GIF of 40 MB in full blocks


def webp_size(prefix: bytes) -> tuple[int, int]:
    """Read a WebP's width and height, pixels, before a decoder allocates its canvas.

    Source: RFC 9649, sections 2.5 to 2.7.

    Raises:
        InvalidImage: The first chunk is none of the three that a WebP may begin with.
    """
    chunk, body = prefix[12:16], prefix[20:30]
    if len(body) == 10:  # noqa: PLR2004 - the longest of the three headers below
        if chunk == b"VP8X":
            return (
                int.from_bytes(body[4:7], "little") + 1,
                int.from_bytes(body[7:10], "little") + 1,
            )
        if chunk == b"VP8L" and body[0] == 0x2F:  # noqa: PLR2004 - the signature of VP8L
            bits = int.from_bytes(body[1:5], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if chunk == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
            width, height = body[6:8], body[8:10]
            return (
                int.from_bytes(width, "little") & 0x3FFF,
                int.from_bytes(height, "little") & 0x3FFF,
            )
    raise InvalidImage


def png_size(prefix: bytes) -> tuple[int, int]:
    """Read a PNG's width and height, pixels; a decoder would read up to the pixels first.

    Source: PNG specification (third edition), section 11.2.1: IHDR comes first.

    Raises:
        InvalidImage: IHDR does not come first, or is cut off.
    """
    if prefix[12:16] != b"IHDR" or len(prefix) < 24:  # noqa: PLR2004 - the end of the two sizes
        raise InvalidImage
    return int.from_bytes(prefix[16:20], "big"), int.from_bytes(prefix[20:24], "big")


def gif_frames(file: BinaryIO) -> int:
    """Count a GIF's frames without decoding them.

    Source: GIF89a specification, sections 18 to 27.

    Args:
        file: The file, at any position.

    Returns:
        The number of frames up to the trailer or the file's end.

    Raises:
        InvalidImage: The file has so many blocks that reading their sizes takes seconds.
    """
    file.seek(10)
    _skip_palette(file, file.read(3)[:1])
    frames = blocks = 0
    while True:
        introducer = file.read(1)
        if introducer == b",":
            frames += 1
            _skip_palette(file, file.read(9)[8:])
            file.read(1)  # LZW minimum code size
        elif introducer == b"!":
            file.read(1)  # the extension's label
        else:  # the trailer, the file's end, or garbage: decoders stop here too
            return frames
        blocks += _skip_blocks(file, _MAX_GIF_BLOCKS - blocks)


def _skip_palette(file: BinaryIO, flags: bytes) -> None:
    """Skip the palette that the flags announce."""
    if flags and flags[0] & 0x80:
        file.read(3 << ((flags[0] & 7) + 1))


def _skip_blocks(file: BinaryIO, most: int) -> int:
    """Skip a chain of data blocks and count them."""
    for count in range(1, most + 1):
        size = file.read(1)
        if size in (b"", b"\0"):
            return count
        file.read(size[0])
    raise InvalidImage("The GIF is cut into too many blocks; save it again or send one picture.")
