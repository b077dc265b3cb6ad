"""Batch schemas: a batch and its items. Pure except for signing."""

from common.jobs import CacheStatus, JobStatus
from common.jobstore.batches import Batch, BatchItem
from common.schemas.base import Body, Id, Url
from common.schemas.batch import BatchSummaryBody, summary
from common.schemas.job import FailureBody
from common.schemas.links import Links


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
        """Build the body of an item."""
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


class BatchBody(BatchSummaryBody):
    """A batch with its photos; `received_at` is null while they come, or if that broke off."""

    items: list[BatchItemBody]

    @classmethod
    def of(cls, batch: Batch, links: Links) -> "BatchBody":
        """Build the body of a batch."""
        items = [BatchItemBody.of(item, links) for item in batch.items]
        return cls.model_validate({**summary(batch, links), "items": items})
