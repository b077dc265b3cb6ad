"""The messages between a worker process and a sandbox process. Pure, and no pickle.

Each message has one size, below what a pipe takes at once, so that it arrives whole or not at all.
Bytes and pixels are in shared memory. A sandbox process is not trusted: the reader of an `Answer`
checks its figures.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final

_TEXT_BYTES: Final = 400


class Verb(IntEnum):
    """What a sandbox process is asked to do."""

    READ = 1
    TO_SRGB = 2


class Outcome(IntEnum):
    """What became of it. After `OUT_OF_MEMORY` the process ends."""

    READY = 0
    DONE = 1
    REFUSED = 2
    OUT_OF_MEMORY = 3


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a sandbox process.

    Attributes:
        verb: `READ`: the file in shared memory. `TO_SRGB`: the colours there, of the photo that was
            read last.
        size_bytes: Of the file; 0 for colours.
        long_side_px: Long side of the picture to be; 0 for colours.
        width: Of the colours; 0 for a file.
        height: Of the colours; 0 for a file.
    """

    verb: Verb
    size_bytes: int = 0
    long_side_px: int = 0
    width: int = 0
    height: int = 0

    _FORM: ClassVar = struct.Struct("!BQIII")
    SIZE: ClassVar = _FORM.size

    def pack(self) -> bytes:
        """Return the message."""
        return self._FORM.pack(
            self.verb, self.size_bytes, self.long_side_px, self.width, self.height
        )

    @classmethod
    def unpack(cls, message: bytes) -> "Request":
        """Read back what `pack` wrote."""
        verb, *figures = cls._FORM.unpack(message)
        return cls(Verb(verb), *figures)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a sandbox process.

    Attributes:
        outcome: `READY` once after its start, then one for each request.
        text: Why it was refused; may hold untrusted text.
        width: Of the pixels in shared memory.
        height: Of the pixels in shared memory.
        channels: Of the colours, 1, 3 or 4, interleaved.
        has_alpha: Whether a plane of alpha follows the colours.
        is_srgb: As in `worker.images.pixels.Pixels`.
        work_width: Work size as stored, pixels.
        work_height: Work size as stored, pixels.
        orientation: EXIF orientation, 1 to 8.
    """

    outcome: Outcome
    text: str = ""
    width: int = 0
    height: int = 0
    channels: int = 0
    has_alpha: bool = False
    is_srgb: bool = False
    work_width: int = 0
    work_height: int = 0
    orientation: int = 1

    _FORM: ClassVar = struct.Struct(f"!B{_TEXT_BYTES}pIIB??IIB")
    SIZE: ClassVar = _FORM.size

    def pack(self) -> bytes:
        """Return the message; a long text is cut."""
        return self._FORM.pack(
            self.outcome,
            self.text.encode("utf-8", "replace"),
            self.width,
            self.height,
            self.channels,
            self.has_alpha,
            self.is_srgb,
            self.work_width,
            self.work_height,
            self.orientation,
        )

    @classmethod
    def unpack(cls, message: bytes) -> "Answer":
        """Read back what `pack` wrote.

        Raises:
            ValueError: It is no answer.
        """
        try:
            outcome, text, *figures = cls._FORM.unpack(message)
        except struct.error as error:
            raise ValueError(f"an answer of {len(message)} bytes") from error
        return cls(Outcome(outcome), text.decode("utf-8", "replace"), *figures)
