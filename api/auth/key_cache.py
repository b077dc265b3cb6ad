"""The key cache: a process's copy of the API keys in the job store, and how long it stays valid.

A request refreshes a copy older than a second, so a key created or revoked elsewhere is known
within a second or two. While the job store is unavailable, the copy stays valid for 4 s. After that
no key is accepted: it could have been revoked meanwhile.
"""

import hmac
import logging
import threading
import time
from collections.abc import Callable

from common.callers import Caller, digest_of, prefix_of
from common.errors import StoreUnavailable
from common.jobstore.api_keys import ApiKeys, KeyList

_log = logging.getLogger(__name__)

REFRESH_EVERY_S = 1.0
# A revoked key is refused within 5 s whatever happens: this, and a second for the request.
MAX_STALE_S = 4.0
RECORD_USE_EVERY_S = 60.0  # resolution of `last used`
RETRY_AFTER_S = 2


class KeyCache:
    """The keys in the job store. Safe to use from several threads.

    Args:
        api_keys: The keys in the job store.
        clock: Monotonic seconds.
    """

    def __init__(self, api_keys: ApiKeys, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api_keys = api_keys
        self._clock = clock
        self._lock = threading.Lock()
        self._list = KeyList("", {})
        self._was_ever_used = False
        self._refreshed_s = self._tried_s = self._use_recorded_s = float("-inf")
        self._used: set[str] = set()

    @property
    def appears_unused(self) -> bool:
        """Whether no key was ever made, as far as this process knows; never waits."""
        return not self._was_ever_used

    def was_ever_used(self) -> bool:
        """Whether a key was ever made.

        Raises:
            StoreUnavailable: The job store has been unavailable for too long.
        """
        self._fresh()
        return self._was_ever_used

    def find(self, key: str) -> Caller | None:
        """Return the owner of a key; None for an unknown key.

        Raises:
            StoreUnavailable: The job store has been unavailable for too long.
        """
        # The prefix is not secret; only the digests need a constant-time comparison.
        found = self._fresh().keys.get(prefix_of(key))
        if found is None or not hmac.compare_digest(found.sha256, digest_of(key)):
            return None
        self._used.add(found.prefix)
        return Caller(found.name, found.scopes, found.share)

    def named(self, name: str) -> Caller | None:
        """Return the caller of that name, with the scopes of one of its keys.

        Raises:
            StoreUnavailable: The job store has been unavailable for too long.
        """
        for key in self._fresh().keys.values():
            if key.name == name:
                return Caller(key.name, key.scopes, key.share)
        return None

    def _fresh(self) -> KeyList:
        """Return the keys, refreshed if that is due.

        One thread refreshes; the others use the present copy while it is valid.
        """
        if self._clock() - self._tried_s >= REFRESH_EVERY_S and self._lock.acquire(
            blocking=not self._is_valid()
        ):
            try:
                if self._clock() - self._tried_s >= REFRESH_EVERY_S:
                    self._refresh()
            finally:
                self._lock.release()
        if not self._is_valid():
            raise StoreUnavailable(retry_after_s=RETRY_AFTER_S)
        return self._list

    def _is_valid(self) -> bool:
        return self._clock() - self._refreshed_s < MAX_STALE_S

    def _refresh(self) -> None:
        started_s = self._clock()
        try:
            changed = self._api_keys.changed_since(self._list.mark)
            self._refreshed_s = started_s
            if changed is not None:
                self._list, self._was_ever_used = changed, changed.was_ever_used
            if self._used and started_s - self._use_recorded_s >= RECORD_USE_EVERY_S:
                self._use_recorded_s = started_s
                used, self._used = self._used, set()
                self._api_keys.note_used(used)
        except StoreUnavailable as error:
            _log.warning("the keys in the job store could not be read: %s", error)
        finally:
            self._tried_s = self._clock()
