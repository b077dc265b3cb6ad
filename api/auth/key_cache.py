"""Known keys: what this process knows of the API keys in the job store, and for how long it counts.

A request that comes a second after the last look looks again, so a key made or revoked elsewhere is
known within a second or two. While the job store is away, what was known counts for 4 s more; then
nobody is let in by it: a key could have been revoked meanwhile.
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

LOOK_EVERY_S = 1.0
# A revoked key is refused within 5 s whatever happens: this, and a second for the request.
TRUST_S = 4.0
NOTE_EVERY_S = 60.0  # how exactly `last used` is told
RETRY_AFTER_S = 2


class KeyCache:
    """The keys in the job store. Safe to use from several threads.

    Args:
        keyring: Where they are.
        clock: Monotonic seconds.
    """

    def __init__(self, api_keys: ApiKeys, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api_keys = api_keys
        self._clock = clock
        self._lock = threading.Lock()
        self._list = KeyList("", {})
        self._was_ever_used = False
        self._seen_s = self._tried_s = self._noted_s = float("-inf")
        self._used: set[str] = set()

    @property
    def seemed_unused(self) -> bool:
        """Whether no key was ever made, as far as this process has heard; never waits."""
        return not self._was_ever_used

    def was_ever_used(self) -> bool:
        """Whether a key was ever made.

        Raises:
            StoreUnavailable: The job store has been away for too long to tell.
        """
        self._fresh()
        return self._was_ever_used

    def find(self, key: str) -> Caller | None:
        """Say whose key this is.

        Raises:
            StoreUnavailable: The job store has been away for too long to tell.
        """
        # A prefix is no secret: only the digests are compared so that time tells nothing.
        found = self._fresh().keys.get(prefix_of(key))
        if found is None or not hmac.compare_digest(found.sha256, digest_of(key)):
            return None
        self._used.add(found.prefix)
        return Caller(found.name, found.scopes, found.share)

    def named(self, name: str) -> Caller | None:
        """The caller of that name, with the scopes of one of its keys.

        Raises:
            StoreUnavailable: The job store has been away for too long to tell.
        """
        for key in self._fresh().keys.values():
            if key.name == name:
                return Caller(key.name, key.scopes, key.share)
        return None

    def _fresh(self) -> KeyList:
        """What is known, after a look when it is time for one.

        One thread looks; the others go on with what is known while that still counts.
        """
        if self._clock() - self._tried_s >= LOOK_EVERY_S and self._lock.acquire(
            blocking=not self._counts()
        ):
            try:
                if self._clock() - self._tried_s >= LOOK_EVERY_S:
                    self._look()
            finally:
                self._lock.release()
        if not self._counts():
            raise StoreUnavailable(retry_after_s=RETRY_AFTER_S)
        return self._list

    def _counts(self) -> bool:
        return self._clock() - self._seen_s < TRUST_S

    def _look(self) -> None:
        begun_s = self._clock()
        try:
            changed = self._api_keys.changed_since(self._list.mark)
            self._seen_s = begun_s
            if changed is not None:
                self._list, self._was_ever_used = changed, changed.was_ever_used
            if self._used and begun_s - self._noted_s >= NOTE_EVERY_S:
                self._noted_s = begun_s
                used, self._used = self._used, set()
                self._api_keys.note_used(used)
        except StoreUnavailable as error:
            _log.warning("the keys in the job store cannot be looked at: %s", error)
        finally:
            self._tried_s = self._clock()
