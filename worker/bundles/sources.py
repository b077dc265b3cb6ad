"""Where bundles come from: a folder, or the address of a `model.json` with its files beside it.

A source gives bytes and promises nothing of them: `adding` verifies. Only http(s) is spoken, and an
https address never leads to one without.
"""

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Protocol
from urllib.parse import urljoin, urlsplit

from common.errors import ConfigurationError
from worker.bundles.bundle import MAX_FILE_BYTES, read_regular
from worker.bundles.manifest import MANIFEST
from worker.bundles.parsing import MAX_MANIFEST_BYTES

_CHUNK_BYTES: Final = 256 * 1024
_TIMEOUT_S: Final = 30.0  # without any byte
_AGENT: Final = "celshade"


class Source(Protocol):
    """A bundle that lies elsewhere.

    Attributes:
        is_placed: Whether the operator put it on this machine; else it came over a network.
    """

    is_placed: bool

    def manifest(self) -> bytes:
        """The bytes of its `model.json`.

        Raises:
            ConfigurationError: It cannot be had.
        """

    def chunks(self, name: str) -> "Stream":
        """A file of it, in pieces.

        Raises:
            ConfigurationError: It cannot be had.
        """


class Stream(Protocol):
    """A file on its way: its size where that is known, and its pieces."""

    size_bytes: int | None

    def __iter__(self) -> Iterator[bytes]: ...


def source_of(place: str) -> Source:
    """Return the source that a path or an address names.

    Raises:
        ConfigurationError: It names none.
    """
    if "://" in place:
        return WebSource(place)
    return PlacedSource(Path(place))


class PlacedSource:
    """A bundle's folder, or the `model.json` in it."""

    is_placed = True

    def __init__(self, path: Path) -> None:
        self._folder = path.parent if path.name == MANIFEST else path
        if not (self._folder / MANIFEST).exists():
            raise ConfigurationError(f"{path} is no bundle: there is no {MANIFEST} in it.")

    def manifest(self) -> bytes:
        """The bytes of its `model.json`."""
        return read_regular(self._folder / MANIFEST, MAX_MANIFEST_BYTES)

    def chunks(self, name: str) -> Stream:
        """A file of it; links are not followed."""
        return _Whole(read_regular(self._folder / name, MAX_FILE_BYTES))


class _Whole:
    """A file that is here already."""

    def __init__(self, data: bytes) -> None:
        self.size_bytes: int | None = len(data)
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._data), _CHUNK_BYTES):
            yield self._data[start : start + _CHUNK_BYTES]


class _KeepsTls(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but to http(s) only, and never from https to http."""

    def redirect_request(  # noqa: PLR0917 - as urllib calls it
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Give the next request, or refuse."""
        _check_address(newurl, after=req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_address(address: str, after: str = "") -> None:
    """Refuse what is no http(s) address, and a step down from https.

    Raises:
        ConfigurationError: It is refused.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"'{address}' is no http(s) address.")
    if after.startswith("https:") and parts.scheme == "http":
        raise ConfigurationError(f"{after} leads to {address}, which is not encrypted: refused.")


class WebSource:
    """A bundle on a web server.

    Args:
        address: Of its `model.json`; its files lie beside it.
    """

    is_placed = False

    def __init__(self, address: str) -> None:
        _check_address(address)
        if not urlsplit(address).path.endswith(f"/{MANIFEST}"):
            raise ConfigurationError(f"'{address}' must be the address of a {MANIFEST}.")
        self._address = address
        self._opener = urllib.request.build_opener(_KeepsTls)

    def manifest(self) -> bytes:
        """The bytes of its `model.json`."""
        with self._open(self._address) as answer, _network(self._address):
            data: bytes = answer.read(MAX_MANIFEST_BYTES + 1)
            return data

    def chunks(self, name: str) -> Stream:
        """A file of it."""
        address = urljoin(self._address, name)  # a bare name: the manifest allows no other
        return _Download(self._open(address), address)

    def _open(self, address: str) -> http.client.HTTPResponse:
        request = urllib.request.Request(address, headers={"User-Agent": _AGENT})  # noqa: S310 - checked
        with _network(address):
            answer: http.client.HTTPResponse = self._opener.open(request, timeout=_TIMEOUT_S)
            return answer


class _Download:
    """A file that comes over a network."""

    def __init__(self, answer: http.client.HTTPResponse, address: str) -> None:
        self._answer = answer
        self._address = address
        self.size_bytes = answer.length
        if (self.size_bytes or 0) > MAX_FILE_BYTES:
            raise ConfigurationError(f"{address} is too large: over {MAX_FILE_BYTES} bytes.")

    def __iter__(self) -> Iterator[bytes]:
        come_bytes = 0
        with self._answer, _network(self._address):
            while chunk := self._answer.read(_CHUNK_BYTES):
                come_bytes += len(chunk)
                if come_bytes > MAX_FILE_BYTES:
                    raise ConfigurationError(
                        f"{self._address} is too large: over {MAX_FILE_BYTES} bytes."
                    )
                yield chunk
        expected = self.size_bytes
        if expected is not None and come_bytes < expected:
            raise ConfigurationError(
                f"{self._address} broke off after {come_bytes} of {expected} bytes: try again."
            )


@contextmanager
def _network(address: str) -> Iterator[None]:
    """Say in a line what a network does wrong."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise ConfigurationError(f"{address} answered {error.code} {error.reason}.") from None
    except urllib.error.URLError as error:
        raise ConfigurationError(f"{address} cannot be reached: {error.reason}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ConfigurationError(f"{address} broke off: {error}.") from error
