"""HEIC and HEIF by the extra pillow-heif, told to decode the primary picture and nothing else.

libheif turns and cuts the picture itself, as the file's boxes say, and leaves out what its EXIF
says. Loaded where untrusted bytes are decoded, never in the API.
"""

import importlib
from functools import cache

from PIL import Image

from common.errors import InvalidImage
from common.photos import Photo, decodes_heif


@cache
def register() -> None:
    """Let Pillow open HEIF, where the extra is installed.

    Embedded thumbnails would be decoded in the picture's place, if they were large enough: they may
    show something else. One thread, as several photos are decoded at once by several processes.
    """
    if decodes_heif():
        importlib.import_module("pillow_heif").register_heif_opener(
            thumbnails=False, depth_images=False, aux_images=False, decode_threads=1
        )


def load(image: Image.Image, photo: Photo) -> None:
    """Decode an image that was opened as HEIF.

    Args:
        image: Not loaded yet.
        photo: What its boxes say, by our own reading.

    Raises:
        InvalidImage: libheif reads another size: the pixels would not be those that were let in.
    """
    _check(image, photo)
    image.load()
    _check(image, photo)


def _check(image: Image.Image, photo: Photo) -> None:
    if any(
        abs(found - said) > 1  # a cut in fractions of a pixel may be rounded either way
        for found, said in zip(image.size, (photo.width, photo.height), strict=True)
    ):
        raise InvalidImage(f"The HEIF announces {photo.width} x {photo.height}, not {image.size}.")
