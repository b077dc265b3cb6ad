"""Photos: reads a photo's header and checks it against the limits. Never decodes a pixel.

The API checks before it accepts an upload, the worker again before it decodes. Pillow may open only
the accepted formats, and gets only the first bytes of those with their header in front, so that a
hostile file costs neither memory nor time.
"""

import importlib.util
import io
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Final

from PIL import ExifTags, Image

from common.errors import ImageTooSmall, InvalidImage, TooManyPixels, UnsupportedMediaType
from common.heif_boxes import heif_sides
from common.photo_headers import gif_frames, png_size, webp_size

if TYPE_CHECKING:  # a codec process needs no settings, and starts in half the time without them
    from common.settings import Settings

PREFIX_BYTES: Final = 64  # enough for every magic number here and for the brands of an ISO file
_ISO_BRANDS: Final = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIF", b"heix": "HEIF"}


class PhotoFormat(StrEnum):
    """Accepted formats, by Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    AVIF = "AVIF"
    GIF = "GIF"
    HEIF = "HEIF"

    @property
    def content_type(self) -> str:
        """Media type of the format."""
        return f"image/{self.value.lower()}"


def sniff(prefix: bytes) -> PhotoFormat | None:
    """Return the format that a file's first bytes announce.

    Args:
        prefix: The first `PREFIX_BYTES` of the file, or all of a shorter one.

    Returns:
        The format, or None when it is none of ours: text, archives, other image formats.
    """
    if prefix.startswith(b"\xff\xd8"):
        return PhotoFormat.JPEG
    if prefix.startswith(b"\x89PNG\r\n\x1a\n"):
        return PhotoFormat.PNG
    if prefix.startswith((b"GIF87a", b"GIF89a")):
        return PhotoFormat.GIF
    if prefix.startswith(b"RIFF") and prefix[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if prefix[4:8] == b"ftyp":
        return _iso_format(prefix)
    return None


def _iso_format(prefix: bytes) -> PhotoFormat | None:
    """Tell AVIF from HEIF by the brands: the major one, then the compatible ones in order."""
    end = min(int.from_bytes(prefix[:4], "big"), len(prefix))
    for at in (8, *range(16, end - 3, 4)):
        if name := _ISO_BRANDS.get(prefix[at : at + 4]):
            return PhotoFormat(name)
    return None


# Pillow's own limit warns or raises before we can report the announced size; `inspect` enforces
# ours, which is lower, before anything is decoded.
Image.MAX_IMAGE_PIXELS = None

# Profiles, previews and editors' notes in front of the pixels fit; a million empty segments do not.
_HEADER_BYTES: Final = 4 * 1024 * 1024
_HEADER_IN_FRONT: Final = (PhotoFormat.JPEG, PhotoFormat.PNG)
# Checked before Pillow: its WebP opener allocates the whole canvas, and its PNG opener reads up to
# the pixels and calls a file that ends before them damaged, whatever size it announces.
_ANNOUNCED_SIZES: Final = {PhotoFormat.WEBP: webp_size, PhotoFormat.PNG: png_size}
_FRAMES_IN_HEADER: Final = (PhotoFormat.PNG, PhotoFormat.WEBP, PhotoFormat.AVIF)


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """The limits of accepted photos.

    Attributes:
        max_pixels: Most pixels, width x height x frames.
        min_side_px: Shortest side, pixels.
        max_aspect: Largest ratio of the long to the short side.
        heif: Whether HEIF is accepted; decoding it needs the extra pillow-heif.
    """

    max_pixels: int
    min_side_px: int
    max_aspect: float
    heif: bool = True

    @classmethod
    def of(cls, settings: "Settings") -> "PhotoLimits":
        """Take the limits from the settings; HEIF is accepted by default if it can be decoded."""
        return cls(
            max_pixels=settings.max_pixels,
            min_side_px=settings.min_side_px,
            max_aspect=settings.max_aspect,
            heif=decodes_heif() if settings.heif is None else settings.heif,
        )

    @property
    def formats(self) -> tuple[PhotoFormat, ...]:
        """The accepted formats."""
        return tuple(each for each in PhotoFormat if self.heif or each is not PhotoFormat.HEIF)

    def check(self, width: int, height: int, frames: int = 1) -> None:
        """Check a size against the limits.

        Raises:
            TooManyPixels: Too many, over all frames.
            ImageTooSmall: The shorter side is too short.
            InvalidImage: The picture is too long for its width.
        """
        pixels = width * height * frames
        if pixels > self.max_pixels:
            over = f" in {frames} frames" if frames > 1 else ""
            raise TooManyPixels(
                f"The image has {width} x {height} pixels{over}: {pixels / 1e6:.1f} megapixels. "
                f"At most {self.max_pixels / 1e6:g} are accepted; send a smaller one."
            )
        short, long = sorted((width, height))
        if short < self.min_side_px:
            raise ImageTooSmall(
                f"The image has {width} x {height} pixels; each side must have at least "
                f"{self.min_side_px}."
            )
        if long > short * self.max_aspect:
            raise InvalidImage(
                f"The image has {width} x {height} pixels; the long side may be at most "
                f"{self.max_aspect:g} times the short one. Crop it first."
            )


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo's properties, by its header.

    Attributes:
        format: The format, by content.
        width: Width as displayed, with the EXIF orientation applied, pixels.
        height: Height as displayed, pixels.
        frames: Frames of an animation, else 1; a JPEG's further pictures do not count.
        orientation: EXIF orientation, 1 (upright) to 8; from 5 on the stored sides are swapped.
            Always 1 for HEIF, whose decoder applies the rotation of the file's boxes.
    """

    format: PhotoFormat
    width: int
    height: int
    frames: int
    orientation: int

    @property
    def content_type(self) -> str:
        """Media type, by content."""
        return self.format.content_type

    @property
    def long_side_px(self) -> int:
        """The longer side, pixels."""
        return max(self.width, self.height)


def decodes_heif() -> bool:
    """Return whether the extra pillow-heif is installed, without loading it."""
    return importlib.util.find_spec("pillow_heif") is not None


def inspect(file: BinaryIO, limits: PhotoLimits) -> Photo:
    """Read a photo's header and check it against the limits.

    Args:
        file: A seekable file; it is left at its beginning.
        limits: What is accepted.

    Returns:
        What the header says. The pixels may still be damaged.

    Raises:
        UnsupportedMediaType: The bytes are not of an accepted format, whatever the file is called.
        InvalidImage: The file is empty, its header cannot be read, or its aspect is too extreme.
        TooManyPixels: Too many pixels, over all frames.
        ImageTooSmall: A side is too short.
    """
    try:
        return _inspect(file, limits)
    finally:
        file.seek(0)


def _inspect(file: BinaryIO, limits: PhotoLimits) -> Photo:
    """Do the work of `inspect`; leaves the file at any position."""
    photo_format = recognise(file, limits)
    if photo_format is PhotoFormat.HEIF:
        return _inspect_heif(file, limits)
    frames = gif_frames(file) if photo_format is PhotoFormat.GIF else None
    file.seek(0)
    if announced_size := _ANNOUNCED_SIZES.get(photo_format):
        limits.check(*announced_size(file.read(PREFIX_BYTES)))
        file.seek(0)
    header = io.BytesIO(file.read(_HEADER_BYTES)) if photo_format in _HEADER_IN_FRONT else file
    with open_image(header, photo_format) as image:
        orientation = read_orientation(image)
        width, height = image.size
        if photo_format in _FRAMES_IN_HEADER:
            frames = getattr(image, "n_frames", 1)
    frames = frames or 1
    limits.check(width, height, frames)
    if swaps_sides(orientation):
        width, height = height, width
    return Photo(photo_format, width, height, frames, orientation)


def _inspect_heif(file: BinaryIO, limits: PhotoLimits) -> Photo:
    """Inspect a HEIF: only the primary picture counts, rotated by the file's boxes.

    Its EXIF orientation does not count (ISO/IEC 23008-12:2022, 6.5.10).
    """
    coded, seen = heif_sides(file)
    limits.check(*coded)
    limits.check(*seen)
    return Photo(PhotoFormat.HEIF, *seen, frames=1, orientation=1)


def recognise(file: BinaryIO, limits: PhotoLimits) -> PhotoFormat:
    """Return a file's format, by its content.

    Raises:
        InvalidImage: The file is empty.
        UnsupportedMediaType: The format is not accepted.
    """
    file.seek(0)
    prefix = file.read(PREFIX_BYTES)
    if not prefix:
        raise InvalidImage("The file is empty.")
    photo_format = sniff(prefix)
    if photo_format is None:
        raise UnsupportedMediaType
    if photo_format not in limits.formats:
        raise UnsupportedMediaType(
            f"{photo_format} is not read here; send JPEG, PNG, WebP, AVIF or GIF."
        )
    return photo_format


def open_image(file: BinaryIO, photo_format: PhotoFormat) -> Image.Image:
    """Open an image lazily, only as this format.

    Raises:
        InvalidImage: Its header cannot be read.
    """
    try:
        return Image.open(file, formats=[photo_format.value])
    except Exception as error:  # openers raise many kinds of errors
        raise InvalidImage from error


def read_orientation(image: Image.Image) -> int:
    """Read the EXIF orientation, 1 to 8; 1 if there is none or it cannot be read.

    Pillow's `getexif` would decode a PNG to find EXIF behind its pixels.
    """
    exif = image.info.get("exif")
    if not isinstance(exif, bytes):
        return 1
    try:
        tags = Image.Exif()
        tags.load(exif)
        value = tags.get(ExifTags.Base.Orientation, 1)
    except Exception:  # as in open_image; a photo with damaged EXIF is still a photo
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1  # noqa: PLR2004 - EXIF 2.32


def swaps_sides(orientation: int) -> bool:
    """Return whether the stored width is the displayed height."""
    return orientation >= 5  # noqa: PLR2004 - 5 to 8 are the transposed ones, EXIF 2.32
