"""Closes connections politely, in one thread per process, so that clients see their last answer.

A socket closed with unread data in it sends a reset, and a client still busy sending then sees a
broken pipe instead of its 413. So: no more writing, read and forget for a moment, then close
(RFC 9112, section 9.6). gunicorn does this on the thread that accepts connections, where one client
that neither sends nor leaves stops all others for two seconds.
"""

import selectors
import socket
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread

LINGER_S = 2.0
# 40 MB, the largest upload, and half as much again: clients that only look at the answer after
# sending everything (Python's urllib) see their 413 up to here. The time bounds what it may cost.
LINGER_BYTES = 64_000_000
MOST_LINGERING = 256
CHUNK_BYTES = 256 * 1024


class _Leaving:
    """One connection that is being closed.

    Args:
        connection: The connection.
        until_s: When it is closed at the latest, on the monotonic clock.
    """

    def __init__(self, connection: socket.socket, until_s: float) -> None:
        self.connection = connection
        self.until_s = until_s
        self.room_bytes = LINGER_BYTES


class Lingerer(Thread):
    """The thread that sees connections off."""

    def __init__(self) -> None:
        super().__init__(name="lingerer", daemon=True)
        self._arriving: SimpleQueue[socket.socket] = SimpleQueue()
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)

    def take(self, connection: socket.socket) -> None:
        """Take over a connection whose response is written; its object is empty afterwards."""
        if connection.fileno() < 0:
            return
        family, kind = connection.family, connection.type
        self._arriving.put(socket.socket(family, kind, fileno=connection.detach()))
        with suppress(BlockingIOError):  # full: it has not read the earlier ones, so it is awake
            self._wake_writer.send(b"\0")

    def run(self) -> None:
        """See connections off for as long as the process lives."""
        leaving: dict[int, _Leaving] = {}
        while True:
            for key, _ in self._selector.select(timeout=LINGER_S / 4 if leaving else None):
                if key.fileobj is self._wake_reader:
                    self._wake_reader.recv(4096)
                elif not _forget_some(key.data):
                    self._close(leaving.pop(key.fd))
            self._welcome(leaving)
            now_s = time.monotonic()
            for fd in [fd for fd, one in leaving.items() if one.until_s <= now_s]:
                self._close(leaving.pop(fd))

    def _welcome(self, leaving: dict[int, _Leaving]) -> None:
        """Half-close what has arrived and start to watch it."""
        while True:
            try:
                connection = self._arriving.get_nowait()
            except Empty:
                return
            try:
                connection.setblocking(False)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                connection.close()
                continue
            if len(leaving) >= MOST_LINGERING:
                connection.close()
                continue
            one = _Leaving(connection, time.monotonic() + LINGER_S)
            leaving[connection.fileno()] = one
            self._selector.register(connection, selectors.EVENT_READ, one)

    def _close(self, one: _Leaving) -> None:
        """Close a connection for good."""
        self._selector.unregister(one.connection)
        one.connection.close()


def _forget_some(one: _Leaving) -> bool:
    """Read and forget what the client still sends; false when it has left or sent too much."""
    try:
        received_bytes = len(one.connection.recv(CHUNK_BYTES))
    except BlockingIOError:
        return True
    except OSError:
        return False
    one.room_bytes -= received_bytes
    return received_bytes > 0 and one.room_bytes > 0
