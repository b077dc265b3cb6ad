"""Callers: their scopes, their share of the service, and the form of their API keys. Pure.

A key is a mark and 256 random bits. It is never stored: only its SHA-256 is, and the few letters
that it begins with, by which people tell keys apart.
"""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

KEY_MARK = "cs_"  # so that people and scanners for leaked secrets recognise a key
KEY_BYTES = 32
PREFIX_LETTERS = 8  # of 43: whoever sees a prefix still has to guess 208 bits
NAME_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"


class Scope(StrEnum):
    """What a key may do: use its caller's jobs, or operate the service."""

    JOBS = "jobs"
    ADMIN = "admin"


class Share(BaseModel):
    """A caller's share of the service; for a figure that is None, the settings apply.

    Attributes:
        weight: Its share of the workers, relative to other callers.
        max_open_jobs: Most of its jobs that are open at once.
        megapixels_per_day: Megapixels at work size in a day (UTC); `inf` for no limit.
        requests_per_minute: Most requests in a minute.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    max_open_jobs: Annotated[int, Field(ge=1)] | None = None
    megapixels_per_day: Annotated[float, Field(gt=0)] | None = None
    requests_per_minute: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    Attributes:
        name: Matches `NAME_PATTERN`; jobs belong to it.
        scopes: What the key of the request may do.
        share: Its share; the same for all its keys.
    """

    name: str
    scopes: frozenset[Scope]
    share: Share


LOCAL = Caller("local", frozenset(Scope), Share())


def new_key() -> str:
    """Make a key of 256 random bits."""
    return KEY_MARK + secrets.token_urlsafe(KEY_BYTES)


def digest_of(key: str) -> str:
    """Return the SHA-256 of a key, as it is stored."""
    return hashlib.sha256(key.encode()).hexdigest()


def prefix_of(key: str) -> str:
    """Return the first letters of a key, which identify it."""
    return key[: len(KEY_MARK) + PREFIX_LETTERS]
