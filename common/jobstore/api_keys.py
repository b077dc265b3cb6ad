"""API keys that are created and revoked with a command. Only their hashes are stored.

A key is found by its prefix. The share belongs to the caller: all its keys have the same one.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from common.callers import Scope, Share
from common.errors import NotFound
from common.jobstore.redis_client import RedisClient


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An API key, without the key itself.

    Attributes:
        prefix: The letters it begins with; unique.
        sha256: Of the whole key, hexadecimal.
        name: The caller it belongs to.
        created_ms: When it was created, milliseconds since the epoch.
        used_ms: When it was last used, to the minute; None if it never was.
    """

    prefix: str
    sha256: str
    name: str
    scopes: frozenset[Scope]
    share: Share
    created_ms: int
    used_ms: int | None


@dataclass(frozen=True, slots=True)
class KeyList:
    """All keys at one moment.

    Attributes:
        mark: Changes with every key created or revoked; empty until the first one.
        keys: By prefix.
    """

    mark: str
    keys: Mapping[str, StoredKey]

    @property
    def was_ever_used(self) -> bool:
        """Whether a key was ever created; revoking the last one does not undo that."""
        return bool(self.mark)


class ApiKeys:
    """The verbs on API keys."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def add(
        self,
        *,
        prefix: str,
        sha256: str,
        name: str,
        scopes: Collection[Scope],
        share: Mapping[str, float],
    ) -> bool:
        """Add a key; it is valid at once.

        Args:
            prefix: The letters it begins with.
            sha256: Of the whole key, hexadecimal.
            name: Its caller.
            scopes: What it may do.
            share: Figures to change in the caller's share, by field; the others stay.

        Returns:
            False if another key has this prefix; then nothing is changed.

        Raises:
            QueueFull: Redis is at its memory limit.
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call(
            "key_add",
            prefix=prefix,
            sha256=sha256,
            name=name,
            scopes=",".join(sorted(scopes)),
            share={field: repr(figure) for field, figure in share.items()},
            mark=secrets.token_hex(8),
        )
        return bool(answer["added"])

    def revoke(self, prefix: str) -> None:
        """Revoke a key; its caller's share is deleted with the last of its keys.

        Raises:
            NotFound: No key has this prefix.
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call("key_revoke", prefix=prefix, mark=secrets.token_hex(8))
        if not answer["revoked"]:
            raise NotFound(f"No key begins with '{prefix}'.")

    def all(self) -> KeyList:
        """Return all keys.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        return _read_list(self._redis.call("keys"))

    def changed_since(self, mark: str) -> KeyList | None:
        """Return all keys, or None if they have not changed since a mark.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call("keys", mark=mark)
        return None if answer["mark"] == mark else _read_list(answer)

    def note_used(self, prefixes: Collection[str]) -> None:
        """Record that keys were used just now.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        self._redis.call("keys_used", prefixes=sorted(prefixes))


def _read_list(answer: Mapping[str, Any]) -> KeyList:
    shares = {name: Share.model_validate(given) for name, given in answer["shares"].items()}
    return KeyList(
        mark=answer["mark"],
        keys={
            prefix: _read_key(prefix, given, shares, answer["used"].get(prefix))
            for prefix, given in answer["keys"].items()
        },
    )


def _read_key(
    prefix: str, given: Mapping[str, Any], shares: Mapping[str, Share], used: str | None
) -> StoredKey:
    return StoredKey(
        prefix=prefix,
        sha256=given["sha256"],
        name=given["name"],
        scopes=frozenset(Scope(scope) for scope in given["scopes"].split(",")),
        share=shares.get(given["name"], Share()),
        created_ms=int(given["created"]),
        used_ms=None if used is None else int(used),
    )
