"""A TCP way to Redis that can lose an answer: Redis has run the command, the client never hears."""

import contextlib
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit

CHUNK_BYTES = 65_536


class CuttingProxy:
    """Forwards connections to a Redis; on demand cuts one instead of handing on an answer."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = parts._replace(netloc=f":{parts.password or ''}@127.0.0.1:{port}").geturl()
        self.lost_answers = 0
        self._is_armed = threading.Event()
        self._is_silent = False
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._ends: list[socket.socket] = []

    def lose_next_answer(self, *, silently: bool = False) -> None:
        """Cut the connection that brings the next answer; silently: keep it, and say nothing."""
        self._is_silent = silently
        self._is_armed.set()

    def __enter__(self) -> "CuttingProxy":
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()  # it starts no more pumps
        for end in self._ends:
            _shut(end)
        for thread in self._threads:
            thread.join()
        for end in (self._listener, *self._ends):
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._ends += (client, server)
                for pump in ((client, server, False), (server, client, True)):
                    self._threads.append(
                        threading.Thread(target=self._pump, args=pump, daemon=True)
                    )
                    self._threads[-1].start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                if is_answer and self._is_armed.is_set():
                    self._is_armed.clear()
                    self.lost_answers += 1
                    if self._is_silent:
                        continue
                    break
                sink.sendall(data)
        _shut(source)
        _shut(sink)


def _shut(end: socket.socket) -> None:
    """End a connection without closing it: another thread may be reading from it."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
