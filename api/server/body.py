"""The one reader of request bodies: every byte of every upload passes through it.

It bounds a body and turns whatever goes wrong with it into our errors. It never blocks by itself:
how long the client is waited for is the socket's business, by the `Pace` that both share.
"""

from collections.abc import Iterator
from typing import Protocol

from gunicorn.http.errors import (  # type: ignore[import-untyped]  # gunicorn ships no types
    ParseException,
)

from api.server.pace import Patience
from common.errors import MalformedRequest, RequestError, UnsupportedMediaType, UploadTooLarge

ENDED_EARLY = "The upload ended before it was complete; send it again."


class RawBody(Protocol):
    """What the WSGI server gives as `wsgi.input`; ends at the body's end."""

    def read(self, size: int, /) -> bytes:
        """Read up to `size` bytes; empty at the end."""

    def readline(self, size: int, /) -> bytes:
        """Read up to `size` bytes, not beyond a line's end; empty at the end."""


class BodyReader:
    """A request body with a byte limit; what `wsgi.input` is for the application.

    A body that cannot be accepted is refused when it is first read, not before: a request whose
    body nobody looks at is served.

    Args:
        raw: The server's body.
        limit_bytes: Most bytes that are read.
        content_length: The announced length, bytes; None if it is not known (chunked).
        patience: Released as soon as the body is at its end.
        content_encoding: The request's `Content-Encoding`, or an empty string.
    """

    def __init__(
        self,
        raw: RawBody,
        *,
        limit_bytes: int,
        content_length: int | None,
        patience: Patience,
        content_encoding: str = "",
    ) -> None:
        self._raw = raw
        self._limit_bytes = limit_bytes
        self._content_length = content_length
        self._patience = patience
        self._refusal = _refusal(content_length, limit_bytes, content_encoding)
        self.size_bytes = 0
        self.at_end = content_length == 0

    def read(self, size: int | None = -1) -> bytes:
        """Read up to `size` bytes, all that is left if negative; empty at the end.

        Raises:
            UploadTooLarge: If the body passes the limit, or announces that it will.
            UnsupportedMediaType: If the body is encoded.
            MalformedRequest: If it ends early or its framing is broken.
            RequestTimeout: If it comes too slowly.
            ServiceBusy: If too many slow bodies are being read.
        """
        self._refuse()
        wanted = self._room() if size is None or size < 0 else min(size, self._room())
        return self._counted(self._guarded_read(self._raw.read, wanted), wanted)

    def readline(self, size: int | None = -1) -> bytes:
        """Read up to `size` bytes, not beyond a line's end; errors as of `read`."""
        self._refuse()
        wanted = self._room() if size is None or size < 0 else min(size, self._room())
        return self._counted(self._guarded_read(self._raw.readline, wanted), wanted)

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Read all lines, or lines up to about `hint` bytes; errors as of `read`."""
        lines: list[bytes] = []
        for line in self:
            lines.append(line)
            if hint is not None and 0 < hint <= sum(map(len, lines)):
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Give line after line; errors as of `read`."""
        return iter(self.readline, b"")

    def finish(self) -> None:
        """The request is answered: its client is no longer waited for."""
        self._patience.finish()

    def _refuse(self) -> None:
        """Raise what was wrong with the body from the start."""
        if self._refusal is not None:
            raise self._refusal

    def _room(self) -> int:
        """Bytes that may still be read; one more than allowed, to tell full from too much."""
        return self._limit_bytes + 1 - self.size_bytes

    def _guarded_read(self, read: "_Read", size: int) -> bytes:
        """Read from the server, with its errors turned into ours."""
        if self.at_end:
            return b""
        try:
            return read(size)
        except (OSError, ParseException) as error:
            raise MalformedRequest(ENDED_EARLY) from error

    def _counted(self, data: bytes, wanted: int) -> bytes:
        """Count what was read and notice the end, the early end and the limit."""
        self.size_bytes += len(data)
        if self.size_bytes > self._limit_bytes:
            raise UploadTooLarge(_too_large(self._limit_bytes))
        ended = wanted > 0 and not data
        if ended and self._content_length not in (None, self.size_bytes):
            raise MalformedRequest(ENDED_EARLY)
        if ended or self.size_bytes == self._content_length:
            self.at_end = True
            self._patience.finish()
        return data


class _Read(Protocol):
    """A method that reads up to so many bytes."""

    def __call__(self, size: int, /) -> bytes: ...


def _too_large(limit_bytes: int) -> str:
    """The sentence of a 413."""
    return f"The upload is larger than {limit_bytes:,} bytes."


def _refusal(
    content_length: int | None, limit_bytes: int, content_encoding: str
) -> RequestError | None:
    """What is wrong with a body before its first byte is read."""
    if content_length == 0:
        return None
    if content_encoding.strip().lower() not in ("", "identity"):
        return UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    if content_length is not None and content_length > limit_bytes:
        return UploadTooLarge(_too_large(limit_bytes))
    return None
