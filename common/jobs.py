"""Jobs: one submission by one caller, its states and its record. Pure: no I/O, no clock.

The table `TRANSITIONS` alone defines the states; the job store's scripts are built with it.
"""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

ID_PATTERN = r"^[0-9a-f]{32}$"  # 128 random bits; batches, images and archives have such ids too


class JobStatus(StrEnum):
    """A job's status."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended."""
        return self in TERMINAL


OPEN = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})
TERMINAL = frozenset(set(JobStatus) - OPEN)
RETRYABLE = frozenset({JobStatus.FAILED, JobStatus.CANCELED, JobStatus.EXPIRED})

# Within one run. A terminal state is final; `retry` starts the next run of the same job.
TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING}) | TERMINAL,
    JobStatus.RUNNING: frozenset({JobStatus.QUEUED}) | TERMINAL,
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELED: frozenset(),
    JobStatus.EXPIRED: frozenset(),
}


class CacheStatus(StrEnum):
    """How the cache answered a submission."""

    HIT = "hit"
    JOINED = "joined"
    MISS = "miss"
    BYPASS = "bypass"


class Priority(StrEnum):
    """A caller's own ordering of its jobs; each priority is a flow of the line."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


# A flow's weight is the caller's weight times this (architecture.md, the line).
PRIORITY_WEIGHTS: dict[Priority, float] = {
    Priority.LOW: 0.25,
    Priority.NORMAL: 1.0,
    Priority.HIGH: 4.0,
}


class Stage(StrEnum):
    """The stage of a render, as `progress.stage` shows it."""

    WAITING = "waiting"
    LOADING_MODEL = "loading_model"
    FETCHING = "fetching"
    DECODING = "decoding"
    RENDERING = "rendering"
    ENCODING = "encoding"
    STORING = "storing"


def new_job_id() -> str:
    """Make a job id: 128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class JobFailure:
    """Why a job failed: a stable code and a sentence for its reader."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Output:
    """A finished picture in the object storage; `name` is empty once it has vanished from there."""

    name: str
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job's record in the store, with the present state of its render and its line.

    Times are milliseconds since the epoch by Redis' clock. `position` counts from 1 (next to be
    claimed); `eta_s` is None when no worker is alive. `created_ms` is the job's first submission,
    `submitted_ms` that of its present run. `mark` is a digest of an ended job's record.
    """

    id: str
    caller: str
    status: JobStatus
    style: str
    version: str
    params: dict[str, Any]
    priority: Priority
    run: int
    attempts: int
    created_ms: int
    deadline_ms: int
    render_key: str
    cache: CacheStatus
    submitted_ms: int | None = None
    started_ms: int | None = None
    finished_ms: int | None = None
    expires_ms: int | None = None
    cache_age_s: float | None = None
    stage: Stage | None = None
    position: int | None = None
    eta_s: float | None = None
    input_name: str | None = None
    source_type: str | None = None
    pictures_gone: bool = False
    output: Output | None = None
    execution: dict[str, Any] | None = None
    stages_ms: dict[str, float] | None = None
    failure: JobFailure | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    batch_id: str | None = None
    now_ms: int = 0
    mark: str | None = None
