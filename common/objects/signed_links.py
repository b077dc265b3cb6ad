"""Signed links of the local store: whoever has one may read one object for a while.

The key is made once per data directory and shared by all processes there. Signing and checking are
pure but for the clock, which is a parameter; nothing here opens an object.
"""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

from common.errors import Forbidden, StorageUnavailable
from common.objects.names import content_disposition, is_name, require_name

KEY_BYTES = 32  # as long as SHA-256's digest, RFC 2104's advice
KEY_MODE = 0o600
METHODS = ("GET", "HEAD")  # a link to GET is also valid for HEAD


class LinkSigner:
    """Makes and checks links of the form `/files/NAME?expires=...&signature=...`.

    Args:
        key: The secret, `KEY_BYTES` long.
        now_s: The clock: seconds since the epoch.
    """

    def __init__(self, key: bytes, *, now_s: Callable[[], float] = time.time) -> None:
        self._key = key
        self._now_s = now_s

    def sign(self, name: str, *, expires_in_s: int, content_type: str, download_name: str) -> str:
        """Return a link to an object.

        Args:
            name: Object name.
            expires_in_s: Life of the link, seconds.
            content_type: Media type of the answer.
            download_name: File name for saving it, in [A-Za-z0-9._-].

        Raises:
            ValueError: A name is not valid.
        """
        require_name(name)
        content_disposition(download_name)
        expires = str(int(self._now_s()) + expires_in_s)
        query = {
            "expires": expires,
            "type": content_type,
            "filename": download_name,
            "signature": self._signature(name, expires, content_type, download_name),
        }
        return f"/files/{quote(name)}?{urlencode(query)}"

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
        """Return if the link is ours, unchanged and still valid.

        Args:
            method: The request's HTTP method.
            name: What followed `/files/` in its path.
            expires: Its query's `expires`; like the others as received, unchecked.
            content_type: Its query's `type`.
            download_name: Its query's `filename`.
            signature: Its query's `signature`.

        Raises:
            Forbidden: The link was changed, has expired, or is used for something else.
        """
        wanted = self._signature(name, expires, content_type, download_name)
        genuine = hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace"))
        if not genuine or method not in METHODS or not is_name(name):
            raise Forbidden("This link is not valid; ask for the result again.")
        if self._now_s() >= int(expires):  # digits: we signed it
            raise Forbidden("This link has expired; ask for the result again.")

    def _signature(self, name: str, expires: str, content_type: str, download_name: str) -> str:
        """Return the hex HMAC-SHA256 over all parts of a link."""
        # JSON keeps the fields apart: no two different links have the same text.
        text = json.dumps(["GET", name, expires, content_type, download_name])
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def load_signing_key(path: Path) -> bytes:
    """Return the key in the file; make it first if there is none.

    Several processes that start at once all get the same key.

    Args:
        path: The file, mode 0600; its directory is made if it is missing.

    Raises:
        StorageUnavailable: The file cannot be read or made, or is not a key.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            return _checked(path)
        _make_key(path)
        return _checked(path)
    except OSError as error:
        raise StorageUnavailable(f"The signing key {path} cannot be read or made.") from error


def _make_key(path: Path) -> None:
    """Put a new key in place, unless another process was faster."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: the first key stays, and no process reads half a key.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _checked(path: Path) -> bytes:
    """Return the file's content if it is a key; make it unreadable for other users."""
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise StorageUnavailable(f"{path} is not a signing key; remove it to have a new one made.")
    if path.stat().st_mode & 0o077:
        path.chmod(KEY_MODE)
    return key
