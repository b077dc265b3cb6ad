"""Batch schemas: the bodies that tell of batches, field by field. Pure but for signing."""

from collections import Counter

from api.links import Links
from api.schemas import Body, FailureBody, Id, Moment, Url, moment
from common.jobs import CacheStatus, JobStatus
from common.store.batches import Batch, BatchItem, BatchStatus, Closure

INCOMPLETE = FailureBody(
    code="upload_incomplete",
    message="The upload broke off, so the batch was canceled; send it again.",
    retryable=True,
)


class ItemUrlsBody(Body):
    """Stable links of an item's job."""

    self: Url
    result: Url


class BatchItemBody(Body):
    """A photo of a batch: its job, or why it became none."""

    index: int
    file: str
    job_id: Id | None
    status: JobStatus
    cache: CacheStatus | None
    error: FailureBody | None
    urls: ItemUrlsBody | None

    @classmethod
    def of(cls, item: BatchItem, links: Links) -> "BatchItemBody":
        """Show an item."""
        failure, job_id = item.failure, item.job_id
        return cls(
            index=item.number,
            file=item.label,
            job_id=job_id,
            status=item.status,
            cache=CacheStatus(item.cache) if item.cache else None,
            error=FailureBody(
                code=failure.code, message=failure.message, retryable=failure.retryable
            )
            if failure
            else None,
            urls=ItemUrlsBody(self=links.job(job_id), result=links.job(job_id, "result"))
            if job_id
            else None,
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


class BatchBody(Body):
    """A batch; `received_at` is null while its photos come, or when the upload broke off."""

    id: Id
    status: BatchStatus
    created_at: Moment
    received_at: Moment | None
    completed_at: Moment | None
    eta_seconds: float | None
    counts: BatchCountsBody
    items: list[BatchItemBody]
    error: FailureBody | None
    urls: BatchUrlsBody

    @classmethod
    def of(cls, batch: Batch, links: Links) -> "BatchBody":
        """Show a batch as its caller sees it."""
        states = Counter(item.status for item in batch.items)
        archive = links.batch_archive(batch)
        return cls.model_validate(
            {
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
                "items": [BatchItemBody.of(item, links) for item in batch.items],
                "error": INCOMPLETE if batch.closure is Closure.INCOMPLETE else None,
                "urls": {
                    "self": links.batch(batch.id),
                    "cancel": links.batch(batch.id, "cancel"),
                    "archive": archive.url if archive else None,
                    "archive_expires_at": moment(archive.expires_ms) if archive else None,
                },
            }
        )
