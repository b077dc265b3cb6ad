"""Renders: one computation, its parameters, and the key that names it. Pure: no I/O, no clock.

A render's key is a SHA-256 over what determines its pixels and who may share them. It includes the
job's id only if the caller asked for its own render.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class PictureFormat(StrEnum):
    """Formats of finished pictures."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"

    @property
    def content_type(self) -> str:
        """Media type of the encoded picture."""
        return f"image/{self.value}"

    @property
    def extension(self) -> str:
        """Extension of object names and downloads, without the dot."""
        return "jpg" if self is PictureFormat.JPEG else self.value

    @property
    def has_quality(self) -> bool:
        """Whether the format is lossy and has a quality."""
        return self is not PictureFormat.PNG


MIN_SIZE_PX = 256
MAX_SIZE_PX = 2048
DEFAULT_SIZE_PX = 1024
DEFAULT_STRENGTH = 0.7
DEFAULT_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Params:
    """Canonical parameters of a render.

    Attributes:
        strength: 0 (the photo) to 1 (the cartoon), 2 decimals.
        size: Long side of the picture in pixels; never larger than the photo's own.
        format: Encoding of the picture.
        quality: 1 to 100 where the format has one, else None.
    """

    strength: float
    size: int
    format: PictureFormat
    quality: int | None

    @classmethod
    def canonical(
        cls,
        *,
        strength: float,
        size: int,
        picture_format: PictureFormat,
        quality: int,
        photo_long_side_px: int,
    ) -> "Params":
        """Normalise validated parameters: equal pixels have equal parameters."""
        return cls(
            strength=round(strength, 2) + 0.0,  # + 0.0 turns -0.0 into 0.0
            size=min(size, photo_long_side_px),
            format=picture_format,
            quality=quality if picture_format.has_quality else None,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `dataclasses.asdict` would copy each deeply."""
        return {
            "strength": self.strength,
            "size": self.size,
            "format": self.format.value,
            "quality": self.quality,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Params":
        """Read back what `as_dict` wrote."""
        return cls(
            strength=float(values["strength"]),
            size=int(values["size"]),
            format=PictureFormat(values["format"]),
            quality=values["quality"],
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """What determines a render's key, apart from the style version.

    Attributes:
        image_sha256: Hex digest of the uploaded bytes.
        params: Canonical parameters.
        scope: Who shares the picture: `caller:NAME` or `service`.
        salt: The job's id for `no-cache`, else empty.
    """

    image_sha256: str
    params: Params
    scope: str
    salt: str = ""

    def key(self, line: str) -> str:
        """Compute the render key under a style version, 64 hexadecimal digits.

        Args:
            line: Name of the style version's line: style, model digest and pipeline version.
        """
        text = json.dumps(
            [self.image_sha256, line, self.params.as_dict(), self.scope, self.salt],
            sort_keys=True,
            separators=(",", ":"),
        )
        return hashlib.sha256(text.encode()).hexdigest()


def work_size(width: int, height: int, long_side_px: int) -> tuple[int, int]:
    """Return the pixels at which a photo is rendered: never enlarged, same aspect ratio."""
    scale = min(1.0, long_side_px / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
