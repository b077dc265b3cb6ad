"""Makes small photos for tests: flat colours, each with bytes of its own."""

import io
import random

from PIL import Image


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
