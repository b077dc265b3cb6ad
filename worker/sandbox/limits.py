"""The limits of a sandbox process: photos, processor time, memory. Pure."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from common.errors import ConfigurationError
from common.photos import PhotoLimits, decodes_heif
from worker.sandbox.shared_memory import behind

if TYPE_CHECKING:  # as in common.photos
    from common.settings import Settings

MB: Final = 1_000_000
# A third more than the most that was seen: 29, for a lossless WebP with alpha
# (docs/adr/0006-decoders-can-be-killed.md has the others).
_MEMORY_BYTES_PER_PIXEL: Final = 40
_LEAST_MEMORY_BYTES: Final = 128 * MB
# The most that one pixel takes in shared memory: CMYK, or RGB with alpha.
_SHARED_BYTES_PER_PIXEL: Final = 4


@dataclass(frozen=True, slots=True)
class DecoderLimits:
    """The limits of one sandbox process.

    Attributes:
        photo: What is accepted at all.
        upload_bytes: Largest file.
        cpu_s: Processor time of one photo, seconds; the kernel counts whole ones.
        memory_bytes: Address space that one photo may take besides the process itself.
    """

    photo: PhotoLimits
    upload_bytes: int
    cpu_s: int
    memory_bytes: int

    @classmethod
    def of(cls, settings: "Settings") -> "DecoderLimits":
        """Take the limits from the settings; memory fits `max_pixels` when it is left out.

        Raises:
            ConfigurationError: HEIF is promised, and cannot be decoded here.
        """
        if settings.heif and not decodes_heif():
            raise ConfigurationError(
                "CELSHADE_HEIF is true, but this worker cannot decode HEIF: install pillow-heif "
                "(requirements/images.txt), or set it to false for the API and all workers."
            )
        memory_bytes = max(_LEAST_MEMORY_BYTES, _MEMORY_BYTES_PER_PIXEL * settings.max_pixels)
        if settings.decode_memory_mb is not None:
            memory_bytes = settings.decode_memory_mb * MB
        return cls(
            photo=PhotoLimits.of(settings),
            upload_bytes=settings.max_upload_bytes,
            cpu_s=settings.decode_cpu_s,
            memory_bytes=memory_bytes,
        )

    @property
    def shared_bytes(self) -> int:
        """Size of the memory that is shared with the process: a file and its pixels fit."""
        return behind(self.upload_bytes) + _SHARED_BYTES_PER_PIXEL * self.photo.max_pixels

    def as_argument(self) -> str:
        """One word of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_argument(cls, text: str) -> "DecoderLimits":
        """Read back what `as_argument` wrote."""
        values = json.loads(text)
        return cls(**{**values, "photo": PhotoLimits(**values["photo"])})
