"""URLs of servers: parses what users enter, and compares origins. Pure."""

import ipaddress

import httpx

from celshade.client.errors import UnusableSettings


def parse_base_url(text: str) -> httpx.URL:
    """Read a server's address.

    Raises:
        UnusableSettings: It is not an http or https address.
    """
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        raise UnusableSettings(
            f"'{text}' is not the address of a server; write it like http://127.0.0.1:8000."
        )
    return url


def parse_key(text: str | None) -> str | None:
    """Read an API key; an empty one is none.

    Raises:
        UnusableSettings: It has characters that no key has.
    """
    key = (text or "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise UnusableSettings("The API key has characters that no key has; copy it again.")
    return key or None


def origin_of(url: str | httpx.URL) -> str:
    """Scheme, host and port of an address; a scheme's own port is left out."""
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
