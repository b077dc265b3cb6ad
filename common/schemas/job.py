"""The schema of a job. Pure but for signing."""

from typing import Any

from pydantic import ConfigDict, Field

from common.jobs import CacheStatus, Job, JobStatus, Priority, Stage
from common.renders import PictureFormat
from common.schemas.base import Body, Id, Moment, Sha256, Url, moment
from common.schemas.links import Links


class ParamsBody(Body):
    """Canonical parameters."""

    strength: float
    size: int
    format: PictureFormat
    quality: int | None


class QueueBody(Body):
    """Where a waiting job stands: its place from 1, and the seconds until its picture is there."""

    position: int | None
    eta_seconds: float | None


class ProgressBody(Body):
    """What is being done; null once the job has ended."""

    stage: Stage | None


class CacheBody(Body):
    """How the submission met the cache; a hit says how old its picture was."""

    status: CacheStatus
    age_seconds: float | None


class OutputBody(Body):
    """A finished picture; `url` is null once it has expired."""

    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: Sha256
    url: Url | None = Field(description="Signed: whoever holds it may read the picture.")
    url_expires_at: Moment | None


class ExecutionBody(Body):
    """On what and how a picture was made, as its worker said."""

    model_config = ConfigDict(frozen=True, extra="allow")

    device: str | None = None
    model: str | None = None
    model_digest: str | None = None
    precision: str | None = None
    batch_size: int | None = None
    tiled: bool | None = None
    degraded: list[str] | None = None


class MetricsBody(Body):
    """How long things took, milliseconds."""

    queue_ms: int | None
    execution_ms: int | None
    stages: dict[str, float] | None


class FailureBody(Body):
    """Why a job failed."""

    code: str = Field(description="Stable; go by it.")
    message: str
    retryable: bool = Field(description="Whether trying again may help.")


class JobUrlsBody(Body):
    """Stable links of a job."""

    self: Url
    result: Url
    source: Url
    cancel: Url
    retry: Url
    events: Url


class JobBody(Body):
    """A job: one photo on its way to one picture."""

    id: Id
    status: JobStatus = Field(
        description="`queued` and `running` are open; take a state you do not know for an open one."
    )
    style: str
    params: ParamsBody
    priority: Priority
    run: int = Field(description="From 1; each retry begins the next.")
    attempts: int = Field(description="How often a worker has begun it in this run.")
    created_at: Moment
    started_at: Moment | None
    completed_at: Moment | None
    expires_at: Moment | None = Field(description="When its picture and its photo go.")
    queue: QueueBody
    progress: ProgressBody
    cache: CacheBody
    output: OutputBody | None = Field(description="Null until it has succeeded.")
    execution: ExecutionBody | None
    metrics: MetricsBody
    error: FailureBody | None = Field(description="Null unless it has failed.")
    metadata: dict[str, str] = Field(description="As it was sent with the photo.")
    batch_id: Id | None
    urls: JobUrlsBody

    @classmethod
    def of(cls, job: Job, links: Links) -> "JobBody":
        """Make the body of a job."""
        return cls.model_validate(
            {
                "id": job.id,
                "status": job.status,
                "style": job.style,
                "params": job.params,
                "priority": job.priority,
                "run": job.run,
                "attempts": job.attempts,
                "created_at": moment(job.created_ms),
                "started_at": moment(job.started_ms),
                "completed_at": moment(job.finished_ms),
                "expires_at": moment(job.expires_ms),
                "queue": {"position": job.position, "eta_seconds": _rounded(job.eta_s)},
                "progress": {"stage": _stage(job)},
                "cache": {"status": job.cache, "age_seconds": job.cache_age_s},
                "output": _output(job, links),
                "execution": job.execution,
                "metrics": _metrics(job),
                "error": _failure(job),
                "metadata": job.metadata,
                "batch_id": job.batch_id,
                "urls": _urls(job, links),
            }
        )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _stage(job: Job) -> Stage | None:
    return None if job.status.is_terminal else job.stage or Stage.WAITING


def _output(job: Job, links: Links) -> dict[str, Any] | None:
    if job.output is None:
        return None
    signed = links.result(job)
    return {
        "content_type": job.output.content_type,
        "width": job.output.width,
        "height": job.output.height,
        "size_bytes": job.output.size_bytes,
        "sha256": job.output.sha256,
        "url": signed.url if signed else None,
        "url_expires_at": moment(signed.expires_ms) if signed else None,
    }


def _metrics(job: Job) -> dict[str, Any]:
    def span(begun_ms: int | None, ended_ms: int | None) -> int | None:
        return None if begun_ms is None or ended_ms is None else ended_ms - begun_ms

    return {
        "queue_ms": span(job.submitted_ms, job.started_ms),
        "execution_ms": span(job.started_ms, job.finished_ms),
        "stages": job.stages_ms,
    }


def _failure(job: Job) -> dict[str, Any] | None:
    failure = job.failure
    if failure is None:
        return None
    return {"code": failure.code, "message": failure.message, "retryable": failure.retryable}


def _urls(job: Job, links: Links) -> dict[str, str]:
    parts = ("result", "source", "cancel", "retry", "events")
    return {"self": links.job(job.id), **{part: links.job(job.id, part) for part in parts}}
