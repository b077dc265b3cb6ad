"""Setting values: types of settings that are more than a number or a word. Pure."""

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode


def _split_commas(value: object) -> object:
    """Split the text of an environment variable at its commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _module_and_class(entry: str) -> str:
    """Refuse what is not `module:Class`."""
    module, _, name = entry.partition(":")
    if not module or not name.isidentifier():
        raise ValueError(f"'{entry}' is not 'module:Class'")
    return entry


def _origin(entry: str) -> str:
    """Refuse what is not one origin as browsers send it: no path, no capitals, no wildcard."""
    parts = urlsplit(entry)
    is_bare = entry == f"{parts.scheme}://{parts.netloc}" and entry == entry.lower()
    is_one = bool(parts.hostname) and not set("@*") & set(parts.netloc)
    if parts.scheme not in ("http", "https") or not is_bare or not is_one:
        raise ValueError(f"'{entry}' is not an origin such as 'https://photos.example'")
    return entry


def _http_url(value: str) -> str:
    """Refuse what is not an http(s) address; drop a trailing slash."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"'{value}' is not an http(s) address")
    return value.rstrip("/")


def _network(entry: str) -> str:
    """Refuse what is not a network, or has host bits set."""
    try:
        return str(ipaddress.ip_network(entry))
    except ValueError:
        raise ValueError(f"'{entry}' is not a network such as '10.1.0.0/16'") from None


HttpUrl = Annotated[str, AfterValidator(_http_url)]
ModulesAndClasses = Annotated[
    tuple[Annotated[str, AfterValidator(_module_and_class)], ...],
    NoDecode,
    BeforeValidator(_split_commas),
]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)]
Origins = Annotated[
    tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_split_commas)
]
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(_network)], ...], NoDecode, BeforeValidator(_split_commas)
]
Ports = Annotated[
    tuple[Annotated[int, Field(ge=1, le=65535)], ...], NoDecode, BeforeValidator(_split_commas)
]
