"""Photos to measure with: real ones that come with the tests, cut, enlarged and grained.

Bytes that differ make another photo to the service: each copy carries a comment of its own, so that
none is a hit, while the pixels repeat after `PICTURES` of them.
"""

import io
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops

SOURCES = Path(__file__).resolve().parents[1] / "tests" / "photos"
PICTURES = 16
CUT_SHARE = 0.8  # of each side: pictures differ in what they show
GRAIN = 12  # standard deviation of 8-bit levels; enlarged photos would decode too easily without
QUALITY = 90
JPEG_START = 2  # the comment goes behind the marker that begins a JPEG


def distinct_photos(width: int, height: int, *, seed: int = 0) -> Iterator[bytes]:
    """Yield JPEG photos without end, each with a SHA-256 of its own.

    Args:
        width: Pixels.
        height: Pixels.
        seed: Photos of different seeds differ too.
    """
    pictures = [_picture(width, height, number) for number in range(PICTURES)]
    for number in itertools.count():
        yield commented(pictures[number % PICTURES], f"{seed}-{number}")


def commented(jpeg: bytes, text: str) -> bytes:
    """Return a JPEG with a comment (ITU-T T.81, marker COM) in front: the same picture."""
    comment = text.encode()
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    return jpeg[:JPEG_START] + segment + jpeg[JPEG_START:]


def one_photo(width: int, height: int, number: int = 0) -> bytes:
    """Return a single JPEG photo; others of other numbers, up to `PICTURES`."""
    return _picture(width, height, number)


def large_photo(number: int, *, size_bytes: int) -> bytes:
    """Return a JPEG of few pixels and many bytes: what follows its end is read by nobody."""
    jpeg = commented(_picture(1024, 768, number), f"large-{number}")
    return jpeg + bytes(size_bytes - len(jpeg))


def _picture(width: int, height: int, number: int) -> bytes:
    paths = sorted(SOURCES.glob("*.jpg"))
    chance = random.Random(number)  # noqa: S311 - pictures, not secrets
    with Image.open(paths[number % len(paths)]) as source:
        cut = _cut(source.convert("RGB"), width / height, chance)
    photo = cut.resize((width, height), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((width, height), GRAIN)
    grained = ImageChops.add(photo, Image.merge("RGB", [grain] * 3), offset=-128)
    file = io.BytesIO()
    grained.save(file, "jpeg", quality=QUALITY)
    return file.getvalue()


def _cut(source: Image.Image, aspect: float, chance: random.Random) -> Image.Image:
    """Cut a part of a wanted aspect out of a photo, somewhere."""
    width = round(CUT_SHARE * min(source.width, source.height * aspect))
    height = round(width / aspect)
    left = chance.randint(0, source.width - width)
    top = chance.randint(0, source.height - height)
    return source.crop((left, top, left + width, top + height))
