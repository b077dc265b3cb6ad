"""The HTTP client of outbound calls: one request to one target, over its own connection.

It uses no proxy, cookies or credentials, follows no redirect by itself, and ignores the
environment.
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpcore

from common.errors import NoAnswer
from common.outbound.addresses import AddressGuard
from common.outbound.network import Deadline, GuardedNetwork, Names, system_names
from common.outbound.target import Target
from common.settings import Settings

AGENT = "Celshade"
# A receiver may send this much more after its status: closing earlier would break its pipe.
POLITE_BYTES = 16 * 1024
POLITE_S = 1.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: its status, headers in lower case, and the body as it arrives.

    Attributes:
        chunks: The body's bytes; raises `NoAnswer` if it breaks off or is too slow.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class OutboundClient:
    """Calls addresses that callers chose. Thread-safe.

    Attributes:
        guard: Which addresses may be called.
        ports: Ports that may be used besides 80 and 443.
        tls: Verifies certificates, by the host's name.
        names: Looks up the addresses of a name.
    """

    guard: AddressGuard
    ports: frozenset[int] = frozenset()
    tls: ssl.SSLContext = field(default_factory=httpcore.default_ssl_context)
    names: Names = system_names

    @classmethod
    def from_settings(cls, settings: Settings) -> "OutboundClient":
        """Take the guard from the settings."""
        return cls(AddressGuard(settings.outbound_networks), frozenset(settings.outbound_ports))

    def read(self, url: str) -> Target:
        """Parse an address.

        Raises:
            BadTarget: It does not have the accepted form.
        """
        return Target.parse(url, ports=self.ports)

    def post(
        self, target: Target, body: bytes, *, headers: Mapping[str, str], timeout_s: float
    ) -> int:
        """POST a body and return the status of the response, which may be a redirect.

        Raises:
            NoAnswer: There was none in time.
        """
        deadline = Deadline(timeout_s)
        with self._call("POST", target, headers, body, deadline) as reply:
            deadline.shorten(POLITE_S)
            _hear_out(reply)
            return reply.status

    @contextmanager
    def get(
        self, target: Target, *, headers: Mapping[str, str], deadline: Deadline
    ) -> Iterator[Reply]:
        """GET a target; redirects are returned like any other response.

        Raises:
            NoAnswer: There was no response in time.
        """
        with self._call("GET", target, headers, None, deadline) as reply:
            yield reply

    @contextmanager
    def _call(
        self,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
    ) -> Iterator[Reply]:
        sent = {"Host": target.host_header, "User-Agent": AGENT, "Connection": "close", **headers}
        if body is not None:
            sent["Content-Length"] = str(len(body))
        origin = httpcore.Origin(target.scheme.encode(), target.host.encode(), target.port)
        network = GuardedNetwork(self.guard, deadline, self.names)
        url = httpcore.URL(
            scheme=target.scheme, host=target.host, port=target.port, target=target.path
        )
        with httpcore.HTTPConnection(
            origin, ssl_context=self.tls, network_backend=network
        ) as connection:
            with _told_as_one():
                response = connection.handle_request(
                    httpcore.Request(method, url, headers=list(sent.items()), content=body)
                )
            yield Reply(response.status, _lower(response.headers), _chunks(response))


def _lower(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _chunks(response: httpcore.Response) -> Iterator[bytes]:
    with _told_as_one():
        yield from response.iter_stream()


def _hear_out(reply: Reply) -> None:
    """Read a little of a response that is no longer needed."""
    heard = 0
    try:
        for chunk in reply.chunks:
            heard += len(chunk)
            if heard > POLITE_BYTES:
                return
    except NoAnswer:
        return


@contextmanager
def _told_as_one() -> Iterator[None]:
    """Turn all errors of the library into `NoAnswer`."""
    try:
        yield
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        httpcore.UnsupportedProtocol,
        OSError,
    ) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from error
