"""Callers: who may ask, what they may do, and what their keys look like. Pure.

A key is 256 random bits behind a mark. Nobody keeps it: what is stored is its SHA-256, and the few
letters that it begins with, by which people tell keys apart.
"""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

KEY_MARK = "cs_"  # lets scanners of leaked secrets, and people, tell what it is
KEY_BYTES = 32
PREFIX_LETTERS = 8  # of 43: those who see a prefix are left with 208 bits to guess
NAME_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"


class Scope(StrEnum):
    """What a key may do: work with its caller's jobs, or look after the service."""

    JOBS = "jobs"
    ADMIN = "admin"


class Share(BaseModel):
    """A caller's share of the service; what is None is the same for all callers (the settings).

    Attributes:
        weight: Its share of the workers against other callers.
        max_open_jobs: Most of its jobs that are open at once.
        megapixels_per_day: Megapixels at work size in a day (UTC); `inf` for no limit.
        requests_per_minute: Requests that are answered in a minute.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    max_open_jobs: Annotated[int, Field(ge=1)] | None = None
    megapixels_per_day: Annotated[float, Field(gt=0)] | None = None
    requests_per_minute: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        name: As `NAME_PATTERN` has it; jobs belong to it.
        scopes: What the key it showed may do.
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
    """The SHA-256 of a key, as it is stored."""
    return hashlib.sha256(key.encode()).hexdigest()


def prefix_of(key: str) -> str:
    """The letters that a key is told apart by."""
    return key[: len(KEY_MARK) + PREFIX_LETTERS]
