"""A client's connection that knows how long it may keep its thread waiting.

gunicorn's threads read sockets without a time limit, so 16 clients that send one byte a second
hold 16 threads for ever. The limit has to sit below gunicorn's parser, in `recv`: a read of the
body asks for many bytes and comes back only when all of them are there.
"""

import errno
import select
import socket
import struct
import time

from api.server.pace import Patience
from common.errors import CelshadeError

# A client that takes nothing of its response for so long is dropped.
SEND_STALL_S = 30


class ClientSocket(socket.socket):
    """A connected TCP socket whose `recv` waits only as long as its `Patience` allows."""

    __slots__ = ("_patience",)

    _patience: Patience | None

    @classmethod
    def adopt(cls, connection: socket.socket) -> "ClientSocket":
        """Take over an accepted connection; the object it came in is empty afterwards."""
        adopted = cls(
            connection.family, connection.type, connection.proto, fileno=connection.detach()
        )
        adopted._patience = None
        adopted.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_STALL_S, 0)
        )
        return adopted

    def be_patient(self, patience: Patience | None) -> None:
        """Wait for the client as `patience` says from now on; for ever if it is None."""
        if self._patience is not None:
            self._patience.finish()
        self._patience = patience

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive up to `size` bytes.

        Raises:
            CelshadeError: What the patience raises when it is over.
            OSError: If the connection is broken.
        """
        patience = self._patience
        if patience is None:
            return super().recv(size, flags)
        waited_s = 0.0
        while True:
            try:
                data = super().recv(size, flags | socket.MSG_DONTWAIT)
            except BlockingIOError:
                patience.waited(waited_s, 0)
                waited_s = self._wait(patience.next_wait_s)
            else:
                patience.waited(waited_s, len(data))
                return data

    def has_left(self) -> bool:
        """Whether the client has closed its end; never waits. Takes no byte away.

        One that only says that it will send no more counts as gone: nobody who reads a stream does.
        """
        try:
            return super().recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def sendall(self, data: bytes, flags: int = 0, /) -> None:  # type: ignore[override]  # gunicorn sends bytes only
        """Send all of `data`.

        Raises:
            ConnectionResetError: If the client took nothing for `SEND_STALL_S`.
            OSError: If the connection is broken.
        """
        try:
            super().sendall(data, flags)
        except BlockingIOError:
            raise ConnectionResetError(errno.ECONNRESET, "the client stopped reading") from None

    def _wait(self, at_most_s: float) -> float:
        """Wait until something comes or the time is over; the seconds that took."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        started_s = time.monotonic()
        poll.poll(max(1.0, at_most_s * 1000))
        return time.monotonic() - started_s


class HeaderPatience:
    """A patience for request headers: when it is over the connection counts as broken.

    Nothing has been asked yet, so there is nothing to answer; gunicorn closes in silence.

    Args:
        patience: Decides when it is over.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    @property
    def next_wait_s(self) -> float:
        """Longest time to wait before asking again, seconds."""
        return self._patience.next_wait_s

    def waited(self, waited_s: float, received_bytes: int) -> None:
        """Take note of a wait and of bytes.

        Raises:
            ConnectionResetError: If the patience is over.
        """
        try:
            self._patience.waited(waited_s, received_bytes)
        except CelshadeError as error:
            raise ConnectionResetError(errno.ECONNRESET, str(error)) from error

    def finish(self) -> None:
        """The client is no longer waited for."""
        self._patience.finish()
