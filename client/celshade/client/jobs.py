"""Jobs as the server shows them. Pure: reads JSON, does no I/O.

States this client does not know are open ones; fields it does not know are kept in `Job.raw`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celshade.client.errors import JobFailed
from celshade.client.json_fields import Fields

SUCCEEDED = "succeeded"
TERMINAL = frozenset({SUCCEEDED, "failed", "canceled", "expired"})

# What an ended job without a picture tells its reader when the server gave no reason.
_SENTENCES = {
    "failed": "Rendering failed, and the server did not say why.",
    "canceled": "The job was canceled.",
    "expired": "The job's deadline passed before the picture was ready.",
}


@dataclass(frozen=True, slots=True)
class Params:
    """What was asked of the picture, in the server's canonical form.

    Attributes:
        strength: 0 (the photo) to 1 (the cartoon).
        size: Long side, pixels.
        format: `jpeg`, `png` or `webp`.
        quality: 1 to 100; None where the format has none.
    """

    strength: float | None
    size: int | None
    format: str | None
    quality: int | None


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where a waiting job stands: its place in line from 1, and the seconds until it is done."""

    position: int | None
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class Cache:
    """How the submission met the cache: `hit`, `joined`, `miss` or `bypass`; the picture's age."""

    status: str | None
    age_s: float | None


@dataclass(frozen=True, slots=True)
class Output:
    """A finished picture.

    Attributes:
        content_type: Media type.
        width: Pixels.
        height: Pixels.
        size_bytes: Length.
        sha256: Hex digest of the bytes.
        url: A short-lived link of the moment, None once the picture has expired.
    """

    content_type: str
    width: int | None
    height: int | None
    size_bytes: int | None
    sha256: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job ended without a picture."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Job:
    """One submission of one photo, at the moment the server was asked.

    Attributes:
        stage: What is being done with it, e.g. `waiting`, `rendering`.
        stages_ms: Milliseconds of each stage, once finished.
        held: Whether the server held this answer back as `Prefer: wait` had asked.
        retry_after_s: Seconds the server wants before it is asked again; None once ended.
        raw: The whole object as it came.
    """

    id: str
    status: str
    style: str | None
    params: Params
    run: int
    attempts: int
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime | None
    queue: QueuePlace
    stage: str | None
    cache: Cache
    output: Output | None
    failure: Failure | None
    stages_ms: Mapping[str, Any]
    metadata: Mapping[str, Any]
    urls: Mapping[str, Any]
    retry_after_s: float | None = None
    held: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended; a state this client does not know has not."""
        return self.status in TERMINAL

    @property
    def succeeded(self) -> bool:
        """Whether there is (or was) a picture."""
        return self.status == SUCCEEDED

    def failed(self) -> JobFailed | None:
        """Make the error of a job that ended without a picture; None for any other."""
        if not self.is_terminal or self.succeeded:
            return None
        failure = self.failure or Failure(self.status, _SENTENCES[self.status], retryable=True)
        return JobFailed(
            self.id, self.status, failure.code, failure.message, retryable=failure.retryable
        )


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some of the caller's jobs, and the cursor of the next page (None on the last)."""

    jobs: tuple[Job, ...]
    next_cursor: str | None


def read_job(value: object, *, retry_after_s: float | None = None, held: bool = False) -> Job:
    """Read a job's JSON object.

    Raises:
        BadAnswer: It is not a job.
    """
    job = Fields(value, "job")
    queue, cache = job.section("queue"), job.section("cache")
    return Job(
        id=job.text("id"),
        status=job.text("status"),
        style=job.optional_text("style"),
        params=_read_params(job.section("params")),
        run=job.integer("run") or 1,
        attempts=job.integer("attempts") or 0,
        created_at=job.time("created_at"),
        started_at=job.time("started_at"),
        completed_at=job.time("completed_at"),
        expires_at=job.time("expires_at"),
        queue=QueuePlace(queue.integer("position"), queue.number("eta_seconds")),
        stage=job.section("progress").optional_text("stage"),
        cache=Cache(cache.optional_text("status"), cache.number("age_seconds")),
        output=_read_output(job),
        failure=read_failure(job),
        stages_ms=job.section("metrics").mapping("stages"),
        metadata=job.mapping("metadata"),
        urls=job.mapping("urls"),
        retry_after_s=retry_after_s,
        held=held,
        raw=job.values,
    )


def _read_params(params: Fields) -> Params:
    return Params(
        strength=params.number("strength"),
        size=params.integer("size"),
        format=params.optional_text("format"),
        quality=params.integer("quality"),
    )


def _read_output(job: Fields) -> Output | None:
    if job.values.get("output") is None:
        return None
    output = job.section("output")
    return Output(
        content_type=output.text("content_type"),
        width=output.integer("width"),
        height=output.integer("height"),
        size_bytes=output.integer("size_bytes"),
        sha256=output.optional_text("sha256"),
        url=output.optional_text("url"),
    )


def read_failure(owner: Fields) -> Failure | None:
    """Read why a job, a batch or a photo of one has no picture; None when it says nothing."""
    if owner.values.get("error") is None:
        return None
    error = owner.section("error")
    return Failure(error.text("code"), error.text("message"), error.flag("retryable"))
