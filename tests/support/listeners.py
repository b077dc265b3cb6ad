"""Sockets that listen and answer nobody: whether somebody has called, the system knows."""

import contextlib
import select
import socket
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Listeners:
    """Sockets on all of this machine's own addresses, with one port."""

    port: int
    sockets: tuple[socket.socket, ...]

    @property
    def were_called(self) -> bool:
        """Whether a connection has come to any of them."""
        called, _, _ = select.select(self.sockets, [], [], 0)
        return bool(called)


@contextlib.contextmanager
def listening() -> Iterator[Listeners]:
    """Listen on every address of this machine, IPv6 too where it has that."""
    with contextlib.ExitStack() as stack:
        # All addresses: what would reach 127.0.0.2 or this machine's own name is seen as well.
        everywhere = stack.enter_context(socket.create_server(("", 0)))
        port = everywhere.getsockname()[1]
        sockets = [everywhere]
        with contextlib.suppress(OSError):
            sockets.append(
                stack.enter_context(
                    socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=False)
                )
            )
        yield Listeners(port, tuple(sockets))
