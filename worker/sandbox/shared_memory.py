"""Memory that a worker process shares with one sandbox process: a file goes in, pixels come out.

It has no name, so that nothing stays behind however both die. Neither can change its size, so that
no read passes an end that has moved.
"""

import fcntl
import math
import mmap
import os
import sys
import tempfile
from typing import Final

import numpy as np

from worker.images.pixels import Bytes

# Pages beyond these are freed after each photo, so that a huge one does not hold memory for ever.
_KEPT_BYTES: Final = 16 * 2**20
_MARK_BYTES: Final = 1
_LINE_BYTES: Final = 64  # of a processor's cache


def behind(size_bytes: int) -> int:
    """Say where pixels begin that lie behind a file of this size: in a cache line of their own."""
    return -(-size_bytes // _LINE_BYTES) * _LINE_BYTES


class SharedMemory:
    """One side's view of it. Not safe to use from several threads.

    Args:
        fd: Its descriptor; `close` closes it.
        size_bytes: Its size; only what is written takes memory.
    """

    def __init__(self, fd: int, size_bytes: int) -> None:
        self.fd = fd
        self._size_bytes = size_bytes
        self._map = mmap.mmap(fd, size_bytes + _MARK_BYTES)
        self._bytes = np.frombuffer(self._map, np.uint8)

    @classmethod
    def create(cls, size_bytes: int) -> "SharedMemory":
        """Make new memory.

        Raises:
            OSError: There is none.
        """
        return cls(_nameless_file(size_bytes + _MARK_BYTES), size_bytes)

    @property
    def is_marked(self) -> bool:
        """A mark beside the bytes: whether the work on them has begun."""
        return bool(self._bytes[self._size_bytes])

    @is_marked.setter
    def is_marked(self, has_begun: bool) -> None:
        self._bytes[self._size_bytes] = has_begun

    def write(self, *parts: Bytes, at: int = 0) -> None:
        """Put arrays behind each other from a place on; they must fit.

        What lies there already, made in place by a codec, is not copied.
        """
        for part in parts:
            place = self.view(*part.shape, at=at)
            if place.ctypes.data != part.ctypes.data:
                place[...] = part
            at += part.size

    def room(self, at: int) -> Bytes:
        """See all that lies behind a place, uint8 [N]."""
        return self._bytes[at : self._size_bytes]

    def view(self, *shape: int, at: int = 0) -> Bytes:
        """See the bytes from a place on as an array; valid until the next `write`.

        Raises:
            ValueError: The array would be empty or not lie inside.
        """
        size_bytes = math.prod(shape)
        if min(shape) < 1 or at + size_bytes > self._size_bytes:
            raise ValueError(f"{shape} at {at} lies outside the shared memory")
        return self._bytes[at : at + size_bytes].reshape(shape)

    def shrink_after(self, used_bytes: int) -> None:
        """Give back what a large photo took; what is there is lost."""
        if used_bytes > _KEPT_BYTES and sys.platform.startswith("linux"):
            self._map.madvise(mmap.MADV_REMOVE, _KEPT_BYTES)

    def close(self) -> None:
        """Close the descriptor; the memory goes with the last view of it."""
        os.close(self.fd)


def _nameless_file(size_bytes: int) -> int:
    """Open a file that has no name and only takes memory where it is written."""
    if not sys.platform.startswith("linux"):
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
        os.ftruncate(fd, size_bytes)
        return fd
    fd = os.memfd_create("sandbox", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, size_bytes)
    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd
