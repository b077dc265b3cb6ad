"""The keys file: callers listed in a TOML file. Reads it again when it changes.

The file contains the SHA-256 of each key, never a key. If it becomes invalid, the fault is logged
and the former keys stay valid: a typo must not lock everybody out.
"""

import hmac
import json
import logging
import threading
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.callers import NAME_PATTERN, Caller, Scope, Share, digest_of, prefix_of
from common.errors import ConfigurationError

_log = logging.getLogger(__name__)

READ_EVERY_S = 1.0  # a key taken out of the file is refused after this long


class _Entry(Share):
    """One `[[callers]]` table; a caller may have several, one for each of its keys."""

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    key_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: Annotated[frozenset[Scope], Field(min_length=1)] = frozenset({Scope.JOBS})

    def share(self) -> Share:
        """What all keys of a caller must agree on."""
        return Share(**{name: getattr(self, name) for name in Share.model_fields})


class _Content(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    callers: Annotated[tuple[_Entry, ...], Field(min_length=1)]


class KeysFile:
    """The callers in the file, as it is now. Safe to use from several threads.

    Args:
        path: The TOML file.
        clock: Monotonic seconds.

    Raises:
        ConfigurationError: The file is invalid; lists every fault.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._content = _read(path)
        self._known = _parse(self._content, path)
        self._read_s = clock()

    def find(self, key: str) -> Caller | None:
        """Return the owner of a key; None for an unknown key."""
        digest, found = digest_of(key), None
        for known, owner in self._fresh().items():
            if hmac.compare_digest(known, digest):  # no early exit: constant time
                found = owner
        return found

    def named(self, name: str) -> Caller | None:
        """Return the caller of that name."""
        return next((caller for caller in self._fresh().values() if caller.name == name), None)

    def _fresh(self) -> dict[str, Caller]:
        """Return the callers by the digest of their key, as in the file."""
        with self._lock:
            if self._clock() - self._read_s < READ_EVERY_S:
                return self._known
            self._read_s = self._clock()
            try:
                content = _read(self._path)
                if content != self._content:
                    self._content = content
                    self._known = _parse(content, self._path)
                    _log.info("keys file read again", extra={"keys": len(self._known)})
            except ConfigurationError as error:
                _log.error("keys file is invalid, the former keys stay valid: %s", error)
            return self._known


def lines_for(key: str, name: str, scopes: frozenset[Scope], share: Mapping[str, Any]) -> str:
    """Write the lines that admit a key; they do not contain the key.

    Args:
        key: The key.
        name: Its caller.
        scopes: Its scopes.
        share: Figures of the caller's share, by field.

    Raises:
        ConfigurationError: An argument is invalid; lists every fault.
    """
    try:
        entry = _Entry(name=name, key_sha256=digest_of(key), scopes=scopes, **share)
    except ValidationError as error:
        raise ConfigurationError(_faults(error)) from None
    figures = "".join(f"{field} = {getattr(entry, field)}\n" for field in share)
    return (
        f"# {prefix_of(key)}...\n[[callers]]\n"
        f'name = "{entry.name}"\nkey_sha256 = "{entry.key_sha256}"\n'
        f"scopes = {json.dumps(sorted(entry.scopes))}\n{figures}"
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error


def _parse(content: bytes, path: Path) -> dict[str, Caller]:
    """Parse the file; all faults are reported together."""
    try:
        entries = _Content.model_validate(tomllib.loads(content.decode())).callers
    except ValidationError as error:
        raise ConfigurationError(f"{path} is not usable.\n{_faults(error)}") from None
    except ValueError as error:  # neither UTF-8 nor TOML
        raise ConfigurationError(f"{path} is not TOML: {error}.") from error
    known: dict[str, Caller] = {}
    shares: dict[str, Share] = {}
    faults = []
    for number, entry in enumerate(entries, start=1):
        if entry.key_sha256 in known:
            faults.append(f"caller {number}: this key_sha256 stands there twice")
        share, first = entry.share(), shares.setdefault(entry.name, entry.share())
        for figure in Share.model_fields:
            if getattr(share, figure) != getattr(first, figure):
                faults.append(f"caller {number}: '{entry.name}' has another {figure} further up")
        known[entry.key_sha256] = Caller(entry.name, entry.scopes, share)
    if faults:
        raise ConfigurationError("\n".join([f"{path} is not usable.", *faults]))
    return known


def _faults(error: ValidationError) -> str:
    """Write a line per fault; never the value, which may be a misplaced key."""
    lines = []
    for fault in error.errors():
        places = [str(part + 1) if isinstance(part, int) else str(part) for part in fault["loc"]]
        lines.append(f"{' '.join(places)}: {fault['msg']}")
    return "\n".join(lines)
