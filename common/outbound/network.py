"""The way out: a network for httpcore that calls only what was checked, before one deadline.

A name is looked up once, all its addresses are checked, and one of those very addresses is called.
A name server that would answer differently the second time is never asked a second time.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from common.errors import NoAnswer
from common.outbound.addresses import Address, AddressGuard

MOST_ADDRESSES = 3  # of one name that are tried
LEAST_S = 0.001  # a timeout of 0 would mean none at all

Names = Callable[[str], tuple[Address, ...]]


class Deadline:
    """A moment by which everything must be over.

    Args:
        seconds: How long from now.
        clock: Monotonic seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_s = clock() + seconds

    def left_s(self) -> float:
        """Seconds that are left.

        Raises:
            NoAnswer: None are.
        """
        left_s = self._ends_s - self._clock()
        if left_s < LEAST_S:
            raise NoAnswer("too slow")
        return left_s

    def shorten(self, seconds: float) -> None:
        """Let it come sooner, so many seconds from now at the latest."""
        self._ends_s = min(self._ends_s, self._clock() + seconds)


class GuardedNetwork(httpcore.NetworkBackend):
    """Connects one call's connections, and only to addresses that the guard allows.

    Args:
        guard: Says which.
        deadline: Of the whole call.
        names: Says which addresses a name has; asked once for each connection.
    """

    def __init__(self, guard: AddressGuard, deadline: Deadline, names: Names) -> None:
        self._guard = guard
        self._deadline = deadline
        self._names = names
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a host, by an address of its own that was checked.

        Raises:
            NoAnswer: It has no address, one that is not allowed, or none that answers.
        """
        addresses = look_up(host, self._deadline, self._names)
        # All of them, not the first that is good: such a name is meant to be answered differently.
        forbidden = [each for each in addresses if not self._guard.allows(each)]
        if forbidden:
            raise NoAnswer(f"{forbidden[0]} is not allowed")
        failure = "no address"
        for address in addresses[:MOST_ADDRESSES]:
            try:
                stream = self._plain.connect_tcp(str(address), port, self._deadline.left_s())
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = str(error) or type(error).__name__
                continue
            return _Timed(stream, self._deadline)
        raise NoAnswer(failure)


class _Timed(httpcore.NetworkStream):
    """A connection that ends with the call's deadline, however little comes at a time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left_s())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left_s = self._deadline.left_s()
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, left_s), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def system_names(name: str) -> tuple[Address, ...]:
    """Return the addresses of a name as this machine finds them, each once.

    Raises:
        OSError: It has none.
    """
    answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ipaddress.ip_address(str(each[4][0])) for each in answers))


def look_up(host: str, deadline: Deadline, names: Names) -> tuple[Address, ...]:
    """Return all addresses of a host; one that is an address already is not looked up.

    The system's resolver cannot be given up on, so it has a thread of its own, which is left behind
    when it takes too long; it ends when the resolver does.

    Raises:
        NoAnswer: It has none, or nobody said so in time.
    """
    try:
        return (ipaddress.ip_address(host),)
    except ValueError:
        pass
    found: queue.SimpleQueue[tuple[Address, ...] | NoAnswer] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found.put(names(host))
        except (OSError, ValueError) as error:  # ValueError: no name at all to Python's own codec
            found.put(NoAnswer(f"no such name: {error}"))

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        answer = found.get(timeout=deadline.left_s())
    except queue.Empty:
        raise NoAnswer("the name server is too slow") from None
    if isinstance(answer, NoAnswer):
        raise answer
    return answer
