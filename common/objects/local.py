"""Objects as files below one directory: the embedded default, for processes that share a disk.

An object is written to a draft, synced and moved to its place, so that it is visible whole or not
at all and survives a power cut once `put` has returned. Symbolic links are never followed.
"""

import contextlib
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from common.errors import ObjectMissing, ObjectsKept, StorageUnavailable
from common.objects.names import require_name
from common.objects.signed_links import LinkSigner

DRAFTS = ".drafts"  # no object name begins with a dot
STRAY_AFTER_S = 3600.0  # far longer than any put takes
CHUNK_BYTES = 1 << 20
# A put makes its directory, and a concurrent delete may remove it while it is empty. Each lost
# round needs another such delete: many in a row do not happen.
PLACE_ATTEMPTS = 100


class LocalStore:
    """`ObjectStore` on a directory; see `common.objects.base` for its verbs.

    Args:
        root: The directory; made if it is missing.
        signer: Makes and checks the links.
        now_s: The clock: seconds since the epoch.

    Raises:
        StorageUnavailable: The directory cannot be made or written.
    """

    def __init__(
        self, root: Path, *, signer: LinkSigner, now_s: Callable[[], float] = time.time
    ) -> None:
        self._signer = signer
        with _mapped():
            root.mkdir(parents=True, exist_ok=True)
            self._root = root.resolve()
            self._drafts = self._root / DRAFTS
            self._drafts.mkdir(exist_ok=True)
            self._sweep_drafts(now_s() - STRAY_AFTER_S)

    def put(self, name: str, source: BinaryIO | bytes, *, content_type: str) -> None:
        """Store an object whole, or not at all; only its links hold the content type."""
        path = self._path(name)
        draft = self._drafts / secrets.token_hex(16)
        with _mapped():
            try:
                _write_synced(draft, source)
                self._move(draft, path)
            finally:
                draft.unlink(missing_ok=True)

    def get(self, name: str) -> bytes:
        """Return an object's bytes."""
        with self.open(name) as file, _mapped():
            return file.read()

    def open(self, name: str) -> BinaryIO:
        """Open an object for reading; the caller closes it.

        An object that is deleted meanwhile can still be read to its end.

        Raises:
            ObjectMissing: There is no such object.
        """
        path = self._path(name)
        with _mapped():
            self._require_presence(path)
            try:
                return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
            except FileNotFoundError as error:  # deleted since the check
                raise ObjectMissing from error

    def exists(self, name: str) -> bool:
        """Return whether there is such an object."""
        path = self._path(name)
        try:
            with _mapped():
                self._require_presence(path)
        except ObjectMissing:
            return False
        return True

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects, and directories that become empty."""
        kept: dict[str, StorageUnavailable] = {}
        for name in names:
            with _mapped():
                self._require_root()
            try:
                self._delete(self._path(name))
            except StorageUnavailable as error:
                kept[name] = error
        if kept:
            why = next(iter(kept.values()))
            raise ObjectsKept(kept, str(why)) from why

    def _delete(self, path: Path) -> None:
        with _mapped():
            if _kind(path) in (None, stat.S_IFDIR):
                return
            path.unlink(missing_ok=True)
            for parent in self._parents(path)[:-1]:  # the top one stays
                with contextlib.suppress(OSError):  # not empty
                    parent.rmdir()

    def presign(
        self, name: str, *, expires_in_s: int, content_type: str, download_name: str
    ) -> str:
        """Make a link below `/files/` that the API serves."""
        return self._signer.sign(
            name,
            expires_in_s=expires_in_s,
            content_type=content_type,
            download_name=download_name,
        )

    def verify(
        self,
        method: str,
        name: str,
        *,
        expires: str,
        content_type: str,
        download_name: str,
        signature: str,
    ) -> None:
        """Return if a link is ours and still valid; see `LinkSigner.verify`."""
        self._signer.verify(
            method,
            name,
            expires=expires,
            content_type=content_type,
            download_name=download_name,
            signature=signature,
        )

    def list_names(self) -> Iterator[str]:
        """Yield the name of every object, in no order."""
        with _mapped():
            self._require_root()
            for folder, folders, files in os.walk(self._root, onerror=_raise_unless_gone):
                folders[:] = [one for one in folders if not one.startswith(".")]
                for path in (Path(folder, file) for file in files):
                    if _kind(path) == stat.S_IFREG:
                        yield path.relative_to(self._root).as_posix()

    def probe(self) -> None:
        """Return if a file can be written and removed."""
        draft = self._drafts / secrets.token_hex(16)
        with _mapped():
            try:
                draft.write_bytes(b"probe")
            finally:
                draft.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        """Return an object's path; refuses one that leads through a symbolic link."""
        path = self._root / require_name(name)
        with _mapped():
            for parent in self._parents(path):
                if parent.is_symlink():
                    raise StorageUnavailable(
                        f"'{parent.name}' in the storage is a symbolic link; remove it."
                    )
        return path

    def _parents(self, path: Path) -> list[Path]:
        """Return the directories between an object and the root, innermost first."""
        return [parent for parent in path.parents if self._root in parent.parents]

    def _move(self, draft: Path, path: Path) -> None:
        """Move a synced draft to its place and sync its directories."""
        for _ in range(PLACE_ATTEMPTS):
            # A concurrent delete may remove the directory between the two steps.
            with contextlib.suppress(FileNotFoundError, FileExistsError):
                path.parent.mkdir(parents=True, exist_ok=True)
                draft.replace(path)
                break
        else:
            raise FileNotFoundError(path.parent)
        for parent in (*self._parents(path), self._root):
            _sync_directory(parent)

    def _require_presence(self, path: Path) -> None:
        """Raise unless there is a regular file.

        Raises:
            ObjectMissing: There is nothing, or something else.
        """
        self._require_root()
        if _kind(path) != stat.S_IFREG:
            raise ObjectMissing

    def _require_root(self) -> None:
        """Raise if everything is gone: a disk that is not mounted is not an empty one."""
        if not self._drafts.is_dir():
            raise StorageUnavailable

    def _sweep_drafts(self, older_than_s: float) -> None:
        """Remove unfinished drafts of killed processes."""
        for draft in self._drafts.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process sweeps as well
                if draft.lstat().st_mtime < older_than_s:
                    draft.unlink()


@contextlib.contextmanager
def _mapped() -> Iterator[None]:
    """Turn errors of the operating system into ours."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable from error


def _kind(path: Path) -> int | None:
    """Return a path's `stat.S_IFMT` without following a link; None if there is nothing."""
    try:
        return stat.S_IFMT(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _raise_unless_gone(error: OSError) -> None:
    """Ignore a directory that was removed meanwhile."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _write_synced(draft: Path, source: BinaryIO | bytes) -> None:
    """Write a new file and sync it to the disk."""
    with draft.open("xb") as file:
        if isinstance(source, bytes):
            file.write(source)
        else:
            while chunk := source.read(CHUNK_BYTES):
                file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    """Sync a directory's entries to the disk."""
    with contextlib.suppress(FileNotFoundError):  # removed: our object is deleted
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
