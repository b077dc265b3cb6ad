"""Multipart forms (RFC 7578), streamed: any number of files in the memory of one chunk.

httpx' own forms want every file open at once, which a folder of photos would run out of.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from celshade.client.photo_files import Photo, chunks_of, size_bytes_of


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo of a form.

    Attributes:
        photo: Its path or its bytes.
        name: The file name sent to the server.
    """

    photo: Photo
    name: str


class Form:
    """Fields, then photos. Iterating gives the body, from its start each time.

    Args:
        fields: The fields, which come first.
        photos: The photos, each a file named `image`.
        on_sent: Called with the bytes handed to the network so far and the total, for each chunk; 0
            when the sending begins, also when it begins again.

    Raises:
        PhotoUnreadable: A photo cannot be read; on iterating also when it has changed.
    """

    def __init__(
        self,
        fields: Mapping[str, str],
        photos: Sequence[Attachment] = (),
        *,
        on_sent: Callable[[int, int], object] | None = None,
    ) -> None:
        self._boundary = secrets.token_hex(16)
        self._fields = b"".join(self._field(name, value) for name, value in fields.items())
        self._parts = [
            (self._head(each.name), each.photo, size_bytes_of(each.photo)) for each in photos
        ]
        self._tail = f"--{self._boundary}--\r\n".encode()
        self._on_sent = on_sent

    @property
    def content_type(self) -> str:
        """The body's media type, with its boundary."""
        return f"multipart/form-data; boundary={self._boundary}"

    @property
    def size_bytes(self) -> int:
        """Length of the body."""
        files = sum(len(head) + size_bytes + len(b"\r\n") for head, _, size_bytes in self._parts)
        return len(self._fields) + files + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        sent_bytes = 0
        for piece in self._pieces():
            self._report(sent_bytes)
            yield piece
            sent_bytes += len(piece)
        self._report(sent_bytes)

    def _pieces(self) -> Iterator[bytes]:
        yield self._fields
        for head, photo, size_bytes in self._parts:
            yield head
            yield from chunks_of(photo, size_bytes)
            yield b"\r\n"
        yield self._tail

    def _report(self, sent_bytes: int) -> None:
        if self._on_sent is not None:
            self._on_sent(sent_bytes, self.size_bytes)

    def _field(self, name: str, value: str) -> bytes:
        head = f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        return head.encode() + value.encode() + b"\r\n"

    def _head(self, filename: str) -> bytes:
        head = (
            f"--{self._boundary}\r\n"
            f'Content-Disposition: form-data; name="image"; filename="{_quoted(filename)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        return head.encode(errors="replace")  # names that are no text come as question marks


def _quoted(filename: str) -> str:
    """Write a file's name as browsers do (HTML, multipart/form-data encoding algorithm)."""
    return filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
