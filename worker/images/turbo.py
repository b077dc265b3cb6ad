"""JPEG pixels by simplejpeg, where that extra is installed: straight into the memory they go to.

The same libjpeg-turbo as Pillow's, asked for the same, gives the same pixels. Whatever it is asked
for and refuses is left to Pillow, which alone decides what is damaged.
"""

import importlib
import importlib.util
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@cache
def library() -> Any | None:
    """Load simplejpeg; None where it is not installed."""
    if importlib.util.find_spec("simplejpeg") is None:
        return None
    return importlib.import_module("simplejpeg")


def decode(
    data: bytes | memoryview, image: Image.Image, room: NDArray[np.uint8] | None
) -> NDArray[np.uint8] | None:
    """Decode a JPEG at the scale that Pillow has been told by `Image.draft`.

    Args:
        data: The file.
        image: The same, opened by Pillow, not loaded.
        room: uint8 [N], written to where the pixels fit.

    Returns:
        uint8 [H, W, 3]; None where Pillow must do it: without the extra, for other modes than RGB,
        for files that are damaged ever so little.
    """
    simplejpeg = library()
    if simplejpeg is None or image.mode != "RGB":
        return None
    width, height = image.size
    size_bytes = width * height * 3
    fits = room is not None and room.size >= size_bytes
    try:
        # The smallest scale that reaches these sides; of Pillow's scales none lies below.
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(
            data,
            colorspace="RGB",
            min_width=width,
            min_height=height,
            buffer=room[:size_bytes] if room is not None and fits else None,
        )
    except (ValueError, KeyError, RuntimeError):  # damage, or a form it does not know
        return None
    return pixels if pixels.shape == (height, width, 3) else None
