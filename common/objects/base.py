"""What an object store is to the rest of the service: seven verbs and no more.

Object names come from `common.objects.names` alone; nothing a caller sent is ever part of one.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol


class ObjectStore(Protocol):
    """Keeps immutable objects under names. Safe to use from several threads.

    Every method raises `StorageUnavailable` when the storage does not answer in its time, refuses
    us, or is full; nothing else of its client's ever leaves it. A `put` that fails leaves no object
    and no stray temporary file; an object becomes visible whole or not at all.
    """

    def put(self, name: str, source: BinaryIO | bytes, *, content_type: str) -> None:
        """Store an object; a second put under the same name replaces it whole.

        Args:
            name: Object name.
            source: Its bytes, or a seekable file positioned at their start.
            content_type: Media type it is served with.
        """

    def get(self, name: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissing: There is no such object.
        """

    def exists(self, name: str) -> bool:
        """Say whether there is such an object."""

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that are not there are no error.

        Raises:
            ObjectsKept: It refused some, and deleted the others.
        """

    def presign(
        self, name: str, *, expires_in_s: int, content_type: str, download_name: str
    ) -> str:
        """Make a link that lets anybody GET this one object for a while.

        Args:
            name: Object name.
            expires_in_s: Life of the link, seconds.
            content_type: Media type the answer carries.
            download_name: File name offered to who saves it, in [A-Za-z0-9._-].

        Returns:
            An absolute address, or one that begins with `/files/` and is served by the API.
        """

    def list_names(self) -> Iterator[str]:
        """Yield the name of every object, in no order; for audits and tests."""

    def probe(self) -> None:
        """Return when the storage answers and lets us in."""
