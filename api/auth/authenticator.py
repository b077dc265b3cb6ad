"""The authenticator: identifies the caller of a request by its API key.

Keys are in a file, in the job store, or in both. As long as there is none at all, a service that
may be open treats everybody as `local`; the origin guard decides who can reach it then. The first
key closes the service, and it stays closed when the last one is revoked.
"""

import re
from dataclasses import replace

from api.auth.key_cache import KeyCache
from api.auth.keys_file import KeysFile
from common.callers import LOCAL, Caller, Share
from common.errors import Unauthorized

_BEARER = re.compile(r"bearer +([!-~]{1,512})", re.IGNORECASE)


class Authenticator:
    """Identifies callers. Safe to use from several threads.

    Args:
        keys_file: The callers in the keys file; None without one.
        key_cache: The keys in the job store.
        may_be_open: Whether everybody is admitted as long as there is no key.
    """

    def __init__(
        self, keys_file: KeysFile | None, key_cache: KeyCache, *, may_be_open: bool
    ) -> None:
        self._file = keys_file
        self._stored = key_cache
        self._may_be_open = may_be_open and keys_file is None

    @property
    def appears_open(self) -> bool:
        """Whether everybody is `local`, as far as this process knows; never waits."""
        return self._may_be_open and self._stored.appears_unused

    def identify(self, authorization: str | None) -> Caller:
        """Identify the caller from the `Authorization` header.

        Raises:
            Unauthorized: It contains no key, or an unknown one.
            StoreUnavailable: The job store has not confirmed its keys for too long.
        """
        if self._may_be_open and not self._stored.was_ever_used():
            return LOCAL
        bearer = _BEARER.fullmatch(authorization.strip()) if authorization else None
        if bearer is None:
            raise Unauthorized
        caller = self._file.find(bearer[1]) if self._file else None
        caller = caller or self._with_file_share(self._stored.find(bearer[1]))
        if caller is None:
            raise Unauthorized
        return caller

    def named(self, name: str) -> Caller:
        """Return the caller of that name; without a key it has the default share.

        Do not use the scopes: no key was presented.

        Raises:
            StoreUnavailable: The job store has not confirmed its keys for too long.
        """
        caller = self._file.named(name) if self._file else None
        return caller or self._stored.named(name) or Caller(name, frozenset(), Share())

    def _with_file_share(self, caller: Caller | None) -> Caller | None:
        """Return the caller with the share from the file, if it is listed there too."""
        if caller is None or self._file is None:
            return caller
        listed = self._file.named(caller.name)
        return replace(caller, share=listed.share) if listed else caller
