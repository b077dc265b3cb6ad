"""Callers: who may ask, known by their keys. Owns the keys file.

Keys are never kept, logged or shown: the file holds their SHA-256, and a key that comes in is
hashed before it is compared. Without a keys file everybody is `local`; who "everybody" is, the
front door decides.
"""

import hashlib
import hmac
import logging
import re
import secrets
import threading
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.errors import ConfigurationError, Forbidden, Unauthorized

_log = logging.getLogger(__name__)

KEY_PREFIX = "cs_"  # lets scanners of leaked secrets, and people, tell what it is
KEY_BYTES = 32
READ_EVERY_S = 1.0  # a key taken out of the file is refused after this long
_BEARER = re.compile(r"bearer +([!-~]{1,512})", re.IGNORECASE)


class Scope(StrEnum):
    """What a caller may do: work with its own jobs, or look after the service."""

    JOBS = "jobs"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        name: In [A-Za-z0-9._-], 1 to 64 characters; jobs belong to it.
        weight: Its share of the workers against other callers.
        scopes: What it may do.
        max_open_jobs: Its own cap of open jobs; the service's when None.
        megapixels_per_day: Its own allowance, `inf` for no limit; the service's when None.
    """

    name: str
    weight: float
    scopes: frozenset[Scope]
    max_open_jobs: int | None = None
    megapixels_per_day: float | None = None

    def require(self, scope: Scope) -> None:
        """Return when the caller has a scope.

        Raises:
            Forbidden: It has not.
        """
        if scope not in self.scopes:
            raise Forbidden(f"This key lacks the scope '{scope}'.")


LOCAL = Caller("local", 1.0, frozenset(Scope))


class _Entry(BaseModel):
    """One `[[callers]]` table; a caller may have several, one for each of its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    key_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    weight: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    scopes: Annotated[frozenset[Scope], Field(min_length=1)] = frozenset({Scope.JOBS})
    max_open_jobs: Annotated[int, Field(ge=1)] | None = None
    megapixels_per_day: Annotated[float, Field(gt=0)] | None = None

    def caller(self) -> Caller:
        """Who the key belongs to."""
        return Caller(
            self.name, self.weight, self.scopes, self.max_open_jobs, self.megapixels_per_day
        )

    def share(self) -> dict[str, float | None]:
        """What all keys of a caller must agree on."""
        return {
            "weight": self.weight,
            "max_open_jobs": self.max_open_jobs,
            "megapixels_per_day": self.megapixels_per_day,
        }


class _KeysFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    callers: Annotated[tuple[_Entry, ...], Field(min_length=1)]


class Callers:
    """Everybody who may ask. Safe to use from several threads.

    The keys file is read again every second. One that cannot be used is reported in the log, and
    those known before stay: a slip in an editor must not lock everybody out.

    Args:
        keys_file: The TOML file; None for no keys at all.
        clock: Monotonic seconds.

    Raises:
        ConfigurationError: The file cannot be used; names every fault.
    """

    def __init__(
        self, keys_file: Path | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = keys_file
        self._clock = clock
        self._lock = threading.Lock()
        self._content = _read(keys_file) if keys_file else b""
        self._known = _parse(self._content, keys_file) if keys_file else {}
        self._read_s = clock()

    @property
    def are_open(self) -> bool:
        """Whether there are no keys, so that everybody is `local`."""
        return self._path is None

    def identify(self, authorization: str | None) -> Caller:
        """Say who sent a request, from its `Authorization` header.

        Raises:
            Unauthorized: There is no key in it, or nobody has that key.
        """
        if self._path is None:
            return LOCAL
        found = _BEARER.fullmatch(authorization.strip()) if authorization else None
        if found is None:
            raise Unauthorized
        digest = digest_of(found[1])
        caller = None
        for known, owner in self._fresh(self._path).items():
            if hmac.compare_digest(known, digest):  # no early end: time tells nothing
                caller = owner
        if caller is None:
            raise Unauthorized
        return caller

    def named(self, name: str) -> Caller:
        """Say whose jobs of a name are: that caller, or one without a key who has the usual share.

        The scopes are of no use: nobody has shown a key.
        """
        known = self._fresh(self._path).values() if self._path else (LOCAL,)
        usual = Caller(name, LOCAL.weight, frozenset())
        return next((caller for caller in known if caller.name == name), usual)

    def _fresh(self, path: Path) -> dict[str, Caller]:
        """The callers by their key's digest, as the file has them."""
        with self._lock:
            if self._clock() - self._read_s < READ_EVERY_S:
                return self._known
            self._read_s = self._clock()
            try:
                content = _read(path)
                if content != self._content:
                    self._content = content
                    self._known = _parse(content, path)
                    _log.info("keys file read again", extra={"keys": len(self._known)})
            except ConfigurationError as error:
                _log.error("keys file not usable, the former keys stay: %s", error)
            return self._known


def digest_of(key: str) -> str:
    """The SHA-256 of a key, as the keys file has it."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key() -> str:
    """Make a key of 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)


def keys_file_lines(key: str, name: str, weight: float, scopes: frozenset[Scope]) -> str:
    """Write the lines that let a key in; they do not hold the key.

    Raises:
        ConfigurationError: Name, weight or scopes cannot be used; names every fault.
    """
    try:
        entry = _Entry(name=name, key_sha256=digest_of(key), weight=weight, scopes=scopes)
    except ValidationError as error:
        raise ConfigurationError(_faults(error)) from None
    listed = ", ".join(f'"{scope}"' for scope in sorted(entry.scopes))
    return (
        f"# {key[: len(KEY_PREFIX) + 4]}...\n[[callers]]\n"
        f'name = "{entry.name}"\nkey_sha256 = "{entry.key_sha256}"\n'
        f"weight = {entry.weight}\nscopes = [{listed}]\n"
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error


def _parse(content: bytes, path: Path | None) -> dict[str, Caller]:
    """Read the file's content; all faults are reported together."""
    try:
        entries = _KeysFile.model_validate(tomllib.loads(content.decode())).callers
    except ValidationError as error:
        raise ConfigurationError(f"{path} is not usable.\n{_faults(error)}") from None
    except ValueError as error:  # neither UTF-8 nor TOML
        raise ConfigurationError(f"{path} is not TOML: {error}.") from error
    known: dict[str, Caller] = {}
    shares: dict[str, dict[str, float | None]] = {}
    faults = []
    for number, entry in enumerate(entries, start=1):
        if entry.key_sha256 in known:
            faults.append(f"caller {number}: this key_sha256 stands there twice")
        for what, value in entry.share().items():
            if shares.setdefault(entry.name, entry.share())[what] != value:
                faults.append(f"caller {number}: '{entry.name}' has another {what} further up")
        known[entry.key_sha256] = entry.caller()
    if faults:
        raise ConfigurationError("\n".join([f"{path} is not usable.", *faults]))
    return known


def _faults(error: ValidationError) -> str:
    """One line per fault; never the value, which may be a key put in the wrong place."""
    lines = []
    for fault in error.errors():
        places = [str(part + 1) if isinstance(part, int) else str(part) for part in fault["loc"]]
        lines.append(f"{' '.join(places)}: {fault['msg']}")
    return "\n".join(lines)
