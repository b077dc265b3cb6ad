"""The interface of an object store: seven verbs.

Object names come from `common.objects.names` alone; nothing that a caller sent is part of one.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol


class ObjectStore(Protocol):
    """Keeps immutable objects under names. Thread-safe.

    Every method raises `StorageUnavailable` if the storage does not answer in time, refuses access,
    or is full; it raises no errors of the storage's client. A `put` that fails leaves no object
    and no temporary file; an object becomes visible whole or not at all.
    """

    def put(self, name: str, source: BinaryIO | bytes, *, content_type: str) -> None:
        """Store an object; a second put under the same name replaces it.

        Args:
            name: Object name.
            source: Its bytes, or a seekable file positioned at their start.
            content_type: Its media type.
        """

    def get(self, name: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissing: There is no such object.
        """

    def exists(self, name: str) -> bool:
        """Return whether there is such an object."""

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; missing ones are no error.

        Raises:
            ObjectsKept: Some were not deleted; the others were.
        """

    def presign(
        self, name: str, *, expires_in_s: int, content_type: str, download_name: str
    ) -> str:
        """Make a link that lets anyone GET this one object for a while.

        Args:
            name: Object name.
            expires_in_s: Life of the link, seconds.
            content_type: Media type of the answer.
            download_name: File name for saving it, in [A-Za-z0-9._-].

        Returns:
            An absolute address, or one that begins with `/files/`, which the API serves.
        """

    def list_names(self) -> Iterator[str]:
        """Yield the name of every object, in no order; for audits and tests."""

    def probe(self) -> None:
        """Return if the storage answers and accepts our keys."""
