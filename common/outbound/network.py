"""The network of outbound calls: it connects only to checked addresses, before one deadline.

A name is looked up once, all its addresses are checked, and one of these addresses is called. So a
name server that would answer differently the second time is not asked again.
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
    """The moment by which a call must have ended.

    Args:
        seconds: How long from now.
        clock: Monotonic seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_s = clock() + seconds

    def left_s(self) -> float:
        """Return the seconds that are left.

        Raises:
            NoAnswer: None are left.
        """
        left_s = self._ends_s - self._clock()
        if left_s < LEAST_S:
            raise NoAnswer("too slow")
        return left_s

    def shorten(self, seconds: float) -> None:
        """Bring it forward to at most so many seconds from now."""
        self._ends_s = min(self._ends_s, self._clock() + seconds)


class GuardedNetwork(httpcore.NetworkBackend):
    """Makes the connections of one call, only to addresses that the guard allows.

    Args:
        guard: Decides which.
        deadline: Of the whole call.
        names: Looks up the addresses of a name, once for each connection.
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
        """Connect to a host, by one of its checked addresses.

        Raises:
            NoAnswer: It has no address, a forbidden one, or none that answers.
        """
        addresses = look_up(host, self._deadline, self._names)
        # One forbidden address refuses the name: mixed answers are a sign of an attack.
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
    """A connection whose reads and writes end with the call's deadline."""

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
    """Return the addresses of a name by the system's resolver, without duplicates.

    Raises:
        OSError: It has none.
    """
    answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ipaddress.ip_address(str(each[4][0])) for each in answers))


def look_up(host: str, deadline: Deadline, names: Names) -> tuple[Address, ...]:
    """Return all addresses of a host; an IP address is not looked up.

    The system's resolver cannot be interrupted, so it runs in its own thread, which is abandoned
    if it takes too long; it ends when the resolver does.

    Raises:
        NoAnswer: It has none, or the answer took too long.
    """
    try:
        return (ipaddress.ip_address(host),)
    except ValueError:
        pass
    found: queue.SimpleQueue[tuple[Address, ...] | NoAnswer] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found.put(names(host))
        except (OSError, ValueError) as error:  # ValueError: Python's codec rejects the name
            found.put(NoAnswer(f"no such name: {error}"))

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        answer = found.get(timeout=deadline.left_s())
    except queue.Empty:
        raise NoAnswer("the name server is too slow") from None
    if isinstance(answer, NoAnswer):
        raise answer
    return answer
