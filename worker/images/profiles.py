"""Colours in a photo's own space to sRGB, by the ICC profile it carries."""

import io
from typing import Final

from PIL import Image, ImageCms

_FLAGS: Final = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC


def is_srgb(icc_profile: bytes | None) -> bool:
    """Tell whether RGB colours with this profile are sRGB as they stand: also without one."""
    if not icc_profile:
        return True
    try:
        return _calls_itself_srgb(ImageCms.ImageCmsProfile(io.BytesIO(icc_profile)))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False  # `to_srgb` knows what to do with it


def _calls_itself_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    return ImageCms.getProfileDescription(profile).startswith("sRGB")


def to_srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """Convert an image to sRGB.

    A profile that is broken or made for another colour space is passed over, as browsers do: a
    photo with wrong colours is better than none.

    Args:
        image: Mode L, RGB or CMYK.
        icc_profile: The profile it came with, or None: then it is taken for sRGB, or for the
            inverse of RGB in the case of CMYK.

    Returns:
        Mode RGB.
    """
    if icc_profile:
        try:
            return _convert(image, icc_profile)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # as if it had none
    return image.convert("RGB")


def _convert(image: Image.Image, icc_profile: bytes) -> Image.Image:
    """Convert by a profile; raises where it cannot be used."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
    if image.mode == "RGB" and _calls_itself_srgb(profile):
        return image
    converted = ImageCms.profileToProfile(
        image,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=_FLAGS,
    )
    if converted is None:  # only ever for a conversion in place
        raise ValueError("no picture came back")
    return converted
