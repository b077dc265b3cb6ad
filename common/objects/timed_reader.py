"""A timed reader: a file whose reads fail after a deadline, for clients without one."""

import io
import time
from typing import BinaryIO


class TimedReader(io.RawIOBase):
    """Reads from a seekable file until a deadline.

    Closing it leaves the file open.

    Args:
        source: The file; its present position counts as its start.
        deadline: Reading of `time.monotonic()` after which every read raises `TimeoutError`.
    """

    def __init__(self, source: BinaryIO, deadline: float) -> None:
        super().__init__()
        self._source = source
        self._start = source.tell()
        self._deadline = deadline

    def readable(self) -> bool:
        """Return True: it can be read."""
        return True

    def seekable(self) -> bool:
        """Return True: it can be positioned."""
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override] # as CPython calls it
        """Fill the buffer and return the number of bytes; 0 at the end.

        Raises:
            TimeoutError: The deadline has passed.
        """
        if time.monotonic() > self._deadline:
            raise TimeoutError("the storage takes the object too slowly")
        chunk = self._source.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move within the file, counted from its start, and return the new position."""
        if whence == io.SEEK_SET:
            return self._source.seek(self._start + offset) - self._start
        return self._source.seek(offset, whence) - self._start

    def tell(self) -> int:
        """Return the position, counted from the start."""
        return self._source.tell() - self._start
