"""Targets: addresses that callers send, parsed strictly. Pure.

Whatever two parsers could read differently is refused: the checked name must be the called name.
"""

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from common.errors import BadTarget

MAX_URL_BYTES = 2048
MAX_NAME_LENGTH = 253  # RFC 1035
MAX_PORT = 65535
USUAL_PORTS = {"http": 80, "https": 443}

_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")  # RFC 3986
_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_PORT = re.compile(r"[1-9][0-9]{0,4}")
# What some parsers read as an IPv4 address: 127.1, 2130706433, 0x7f.0.0.1 (WHATWG URL, 3.5).
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")

FORM = "Send an address such as https://example.com/hook"


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed address that may be called.

    Attributes:
        url: The whole address, as it was sent.
        scheme: `http` or `https`.
        host: A lower-case name, or an IP address without brackets.
        port: 1 to 65535.
        path: Path and query, beginning with a slash.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str, *, ports: Collection[int] = ()) -> "Target":
        """Parse an address.

        Args:
            url: What the caller sent.
            ports: Ports that may be used besides 80 and 443.

        Raises:
            BadTarget: It does not have the accepted form; the text says why.
        """
        if len(url) > MAX_URL_BYTES:
            raise BadTarget(f"Send an address of at most {MAX_URL_BYTES:,} characters.")
        if not _CHARACTERS.fullmatch(url):
            raise BadTarget(f"{FORM}, in ASCII: others are written %C3%A9, and names as xn--.")
        try:
            parts = urlsplit(url)
        except ValueError:
            raise BadTarget(f"{FORM}.") from None
        if parts.scheme not in USUAL_PORTS:
            raise BadTarget(f"{FORM}: http or https.")
        if "@" in parts.netloc:
            raise BadTarget("Send an address without a user name or password.")
        if "#" in url:
            raise BadTarget("Send an address without a fragment (#).")
        host, port = _host_and_port(parts.netloc)
        number = int(port) if port else USUAL_PORTS[parts.scheme]
        if number not in {*USUAL_PORTS.values(), *ports}:
            raise BadTarget(_port_sentence(ports))
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(url, parts.scheme, host, number, path)

    def follow(self, location: str, *, ports: Collection[int] = ()) -> "Target":
        """Parse a redirect's location, relative to this target; otherwise as `parse`."""
        return Target.parse(urljoin(self.url, location), ports=ports)

    @property
    def host_header(self) -> str:
        """The host as its header has it: with brackets, and the port unless it is the default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL_PORTS[self.scheme] else f"{host}:{self.port}"


def _host_and_port(netloc: str) -> tuple[str, str]:
    """Split host and port; the port may be empty."""
    if netloc.endswith("]") or ":" not in netloc:
        return _host(netloc), ""
    host, _, port = netloc.rpartition(":")
    if not _PORT.fullmatch(port) or int(port) > MAX_PORT:
        raise BadTarget(f"{FORM}: its port is no number from 1 to {MAX_PORT}.")
    return _host(host), port


def _host(text: str) -> str:
    """Return a name in lower case, or an IP address without brackets.

    Raises:
        BadTarget: It is neither, or an IP address in an unusual form.
    """
    host = text.lower()
    try:
        if host.startswith("[") and host.endswith("]"):
            return str(ipaddress.IPv6Address(_without_zone(host[1:-1])))
        if _NUMERIC.fullmatch(host):
            return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise BadTarget(f"{FORM}: its host is no IP address in the usual form.") from None
    if len(host) > MAX_NAME_LENGTH or not _NAME.fullmatch(host):
        raise BadTarget(f"{FORM}: its host is no name.")
    return host


def _without_zone(text: str) -> str:
    if "%" in text:
        raise ValueError("a zone is only valid on this machine")
    return text


def _port_sentence(ports: Collection[int]) -> str:
    allowed = ", ".join(map(str, sorted({*USUAL_PORTS.values(), *ports})))
    return f"Send an address with one of these ports: {allowed}."
