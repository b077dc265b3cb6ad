"""Callers: says who sent a request, from the key it shows.

Keys stand in a file, in the job store, or in both. As long as there is none at all, a service that
may be open takes everybody for `local`; who can reach it then, the front door decides. The first
key closes it, and it stays closed when the last one is revoked.
"""

import re
from dataclasses import replace

from api.auth.key_cache import KeyCache
from api.auth.keys_file import KeysFile
from common.callers import LOCAL, Caller, Share
from common.errors import Unauthorized

_BEARER = re.compile(r"bearer +([!-~]{1,512})", re.IGNORECASE)


class Authenticator:
    """Everybody who may ask. Safe to use from several threads.

    Args:
        keys_file: The callers in the keys file; None without one.
        known_keys: The keys in the job store.
        may_be_open: Whether everybody is let in as long as there is no key.
    """

    def __init__(
        self, keys_file: KeysFile | None, key_cache: KeyCache, *, may_be_open: bool
    ) -> None:
        self._file = keys_file
        self._stored = key_cache
        self._may_be_open = may_be_open and keys_file is None

    @property
    def seem_open(self) -> bool:
        """Whether everybody is `local`, as far as this process has heard; never waits."""
        return self._may_be_open and self._stored.seemed_unused

    def identify(self, authorization: str | None) -> Caller:
        """Say who sent a request, from its `Authorization` header.

        Raises:
            Unauthorized: There is no key in it, or nobody has that key.
            StoreUnavailable: The keys in the job store cannot be known now.
        """
        if self._may_be_open and not self._stored.was_ever_used():
            return LOCAL
        shown = _BEARER.fullmatch(authorization.strip()) if authorization else None
        if shown is None:
            raise Unauthorized
        caller = self._file.find(shown[1]) if self._file else None
        caller = caller or self._with_its_share(self._stored.find(shown[1]))
        if caller is None:
            raise Unauthorized
        return caller

    def named(self, name: str) -> Caller:
        """Say whose jobs of a name are: that caller, or one without a key who has the usual share.

        The scopes are of no use: nobody has shown a key.

        Raises:
            StoreUnavailable: The keys in the job store cannot be known now.
        """
        caller = self._file.named(name) if self._file else None
        return caller or self._stored.named(name) or Caller(name, frozenset(), Share())

    def _with_its_share(self, caller: Caller | None) -> Caller | None:
        """A caller who stands in the file as well has the share that the file gives it."""
        if caller is None or self._file is None:
            return caller
        same = self._file.named(caller.name)
        return replace(caller, share=same.share) if same else caller
