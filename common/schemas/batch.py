"""The schema of a batch, without its photos. Pure but for signing."""

from collections import Counter
from typing import Any

from common.jobs import JobStatus
from common.jobstore.batches import Batch, BatchStatus, Closure
from common.schemas.base import Body, Id, Moment, Url, moment
from common.schemas.job import FailureBody
from common.schemas.links import Links

INCOMPLETE = FailureBody(
    code="upload_incomplete",
    message="The upload broke off, so the batch was canceled; send it again.",
    retryable=True,
)


class BatchUrlsBody(Body):
    """Links of a batch; `archive` is signed and short-lived, null while no picture is there."""

    self: Url
    cancel: Url
    archive: Url | None
    archive_expires_at: Moment | None


class BatchCountsBody(Body):
    """How many photos of a batch stand where."""

    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    canceled: int
    expired: int


class BatchSummaryBody(Body):
    """A batch; `received_at` is null while its photos come, or when the upload broke off."""

    id: Id
    status: BatchStatus
    created_at: Moment
    received_at: Moment | None
    completed_at: Moment | None
    eta_seconds: float | None
    counts: BatchCountsBody
    error: FailureBody | None
    urls: BatchUrlsBody

    @classmethod
    def of(cls, batch: Batch, links: Links) -> "BatchSummaryBody":
        """Make the body of a batch."""
        return cls.model_validate(summary(batch, links))


def summary(batch: Batch, links: Links) -> dict[str, Any]:
    """Return the fields of a batch's summary."""
    states = Counter(item.status for item in batch.items)
    archive = links.batch_archive(batch)
    return {
        "id": batch.id,
        "status": batch.status,
        "created_at": moment(batch.created_ms),
        "received_at": moment(batch.received_ms),
        "completed_at": moment(batch.completed_ms),
        "eta_seconds": None if batch.eta_s is None else round(batch.eta_s, 1),
        "counts": {
            "total": len(batch.items),
            **{status.value: states[status] for status in JobStatus},
        },
        "error": INCOMPLETE if batch.closure is Closure.INCOMPLETE else None,
        "urls": {
            "self": links.batch(batch.id),
            "cancel": links.batch(batch.id, "cancel"),
            "archive": archive.url if archive else None,
            "archive_expires_at": moment(archive.expires_ms) if archive else None,
        },
    }
