"""Limits, load and usage as a server reports them. Pure: reads JSON, does no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celshade.client.json_fields import Fields


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server accepts, and how long it keeps things.

    Attributes:
        content_types: Media types of photos it reads.
        retention_s: How long pictures are kept.
        raw: All that it says, also what this client has no name for.
    """

    max_upload_bytes: int | None
    max_pixels: int | None
    content_types: tuple[str, ...]
    max_batch_photos: int | None
    max_batch_bytes: int | None
    max_archive_jobs: int | None
    retention_s: int | None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Load:
    """How busy the server is; `raw["lines"]` tells it for each style.

    Attributes:
        waiting: Pictures that wait for a worker.
        running: Pictures that a worker holds.
        workers_ready: Worker processes at work.
        workers_starting: Worker processes that load their models.
        raw: All that it says.
    """

    waiting: int
    running: int
    workers_ready: int
    workers_starting: int
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Allowance:
    """A share: what is used, of how much, and what is left; None where there is no limit."""

    used: float
    limit: float | None
    left: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What the caller has used up.

    Attributes:
        caller: Whose key it is.
        open_jobs: Jobs that are open now.
        megapixels: Megapixels of today.
        requests: Requests of the running minute; None without a limit.
        answers: Today's submissions by how they met the cache.
        day_ends_at: When the megapixels are reset.
        raw: All that it says.
    """

    caller: str
    open_jobs: Allowance
    megapixels: Allowance
    requests: Allowance | None
    answers: Mapping[str, Any]
    day_ends_at: datetime | None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read_limits(value: object) -> Limits:
    """Read the server's limits.

    Raises:
        BadAnswer: They are none.
    """
    limits = Fields(value, "limits")
    kinds = limits.objects("content_types") if "content_types" in limits.values else ()
    return Limits(
        max_upload_bytes=limits.integer("max_upload_bytes"),
        max_pixels=limits.integer("max_pixels"),
        content_types=tuple(kind for kind in kinds if isinstance(kind, str)),
        max_batch_photos=limits.integer("max_batch_photos"),
        max_batch_bytes=limits.integer("max_batch_bytes"),
        max_archive_jobs=limits.integer("max_archive_jobs"),
        retention_s=limits.integer("retention_seconds"),
        raw=limits.values,
    )


def read_load(value: object) -> Load:
    """Read how busy the server is.

    Raises:
        BadAnswer: It does not say.
    """
    load = Fields(value, "queue")
    workers = load.section("workers")
    return Load(
        waiting=load.integer("waiting") or 0,
        running=load.integer("running") or 0,
        workers_ready=workers.integer("ready") or 0,
        workers_starting=workers.integer("starting") or 0,
        raw=load.values,
    )


def read_usage(value: object) -> Usage:
    """Read what a caller has used up.

    Raises:
        BadAnswer: It does not say.
    """
    usage = Fields(value, "usage")
    return Usage(
        caller=usage.text("caller"),
        open_jobs=_allowance(usage.section("open_jobs")),
        megapixels=_allowance(usage.section("megapixels")),
        requests=_allowance(usage.section("requests")) if usage.mapping("requests") else None,
        answers=usage.mapping("answers"),
        day_ends_at=usage.time("day_ends_at"),
        raw=usage.values,
    )


def _allowance(share: Fields) -> Allowance:
    return Allowance(share.number("used") or 0.0, share.number("limit"), share.number("left"))
