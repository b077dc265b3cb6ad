"""Batches: photos that came in by one request, from the first one received to the last one done."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common.errors import BatchBusy, BatchClosed, CelshadeError, NotFound, QueueFull
from common.jobs import OPEN, JobFailure, JobStatus
from common.jobstore.redis_client import RETRY_AFTER_S, RedisClient
from common.jobstore.submissions import FULL_RETRY_AFTER_S, BatchPlace, idempotency_digest
from common.jobstore.webhooks import WebhookTarget

SECRET_BYTES = 32
KIND = "batch"


class BatchStatus(StrEnum):
    """Where a batch stands; it follows from its jobs."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_ERRORS = "succeeded_with_errors"
    FAILED = "failed"
    CANCELED = "canceled"


class Closure(StrEnum):
    """Why a batch was ended before its jobs had."""

    CANCELED = "canceled"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A photo of a batch.

    Attributes:
        number: Its place in the request, from 0.
        label: The name its file came under, fit to be shown.
        job_id: Its job; None when it was refused.
        status: The job's; `failed` when it was refused.
        failure: Why there is no picture.
        finished_ms: When the job ended.
        expires_ms: When its picture goes.
        cache: How it met the cache; None once the record has gone.
        has_picture: Whether there is a picture now.
    """

    number: int
    label: str
    job_id: str | None
    status: JobStatus
    failure: JobFailure | None
    finished_ms: int | None
    expires_ms: int | None
    cache: str | None
    has_picture: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it is now. Times are milliseconds since the epoch by Redis' clock.

    Attributes:
        received_ms: When its last photo had come in; None while they come, or when they never did.
        closure: Why it was ended early, if it was.
        eta_s: Seconds until what came last is done; None when nobody can tell.
        last_open: The open job that came last.
        secret: Signs the links to its archive.
    """

    id: str
    created_ms: int
    received_ms: int | None
    takes_photos: bool
    closure: Closure | None
    items: tuple[BatchItem, ...]
    last_open: str | None
    eta_s: float | None
    secret: str
    now_ms: int

    @property
    def status(self) -> BatchStatus:
        """The batch's state, by those of its items."""
        states = {item.status for item in self.items}
        if self.takes_photos or states & OPEN:
            return BatchStatus.RUNNING
        if states == {JobStatus.SUCCEEDED} and self.received_ms is not None:
            return BatchStatus.SUCCEEDED
        if self.closure is not None or states == {JobStatus.CANCELED}:
            return BatchStatus.CANCELED
        if JobStatus.SUCCEEDED in states:
            return BatchStatus.SUCCEEDED_WITH_ERRORS
        return BatchStatus.FAILED

    @property
    def completed_ms(self) -> int | None:
        """When the last of it ended; None while it runs."""
        if self.status is BatchStatus.RUNNING:
            return None
        ends = [item.finished_ms for item in self.items if item.finished_ms is not None]
        return max([*ends, self.received_ms or self.created_ms])


@dataclass(frozen=True, slots=True)
class Begun:
    """A batch to send photos to; or one received before under this key, with its fingerprint."""

    batch_id: str
    fingerprint: str | None = None


class Batches:
    """The verbs on batches."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def begin(
        self, caller: str, *, idempotency_key: str | None, webhook: WebhookTarget | None = None
    ) -> Begun:
        """Open a batch, or name the one that the key stands for; its webhook is told of its end.

        Raises:
            BatchBusy: That one is being received at this moment.
            QueueFull: Redis has no room.
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call(
            "batch_begin",
            batch=secrets.token_hex(16),
            caller=caller,
            secret=secrets.token_hex(SECRET_BYTES),
            idempotency=idempotency_digest(caller, idempotency_key, kind=KIND),
            webhook=webhook.argument() if webhook else None,
        )
        match answer["outcome"]:
            case "busy":
                raise BatchBusy(retry_after_s=RETRY_AFTER_S)
            case "queue_full":
                raise QueueFull(retry_after_s=FULL_RETRY_AFTER_S)
            case _:
                return Begun(answer["batch"], answer.get("fingerprint"))

    def refuse(self, place: BatchPlace, error: CelshadeError, *, is_retryable: bool) -> None:
        """Note a photo that became no job.

        Raises:
            BatchClosed: The batch takes no more photos.
            QueueFull, StoreUnavailable: As `begin`.
        """
        self._receive(
            "batch_refuse",
            batch=place.batch_id,
            item=place.number,
            file=place.label,
            code=error.code,
            message=str(error),
            retryable=is_retryable,
        )

    def renew(self, batch_id: str) -> None:
        """Say that the batch is still being received; errors as of `refuse`."""
        self._receive("batch_renew", batch=batch_id)

    def seal(self, batch_id: str, *, fingerprint: str) -> None:
        """Say that the batch was received whole; errors as of `refuse`."""
        self._receive("batch_seal", batch=batch_id, fingerprint=fingerprint)

    def view(self, batch_id: str, caller: str) -> Batch:
        """Return a caller's batch.

        Raises:
            NotFound: There is none, or it is another caller's.
            StoreUnavailable: Redis does not answer.
        """
        record = self._redis.call("batch_view", batch=batch_id, caller=caller)
        if record is None:
            raise NotFound("There is no such batch.")
        return _read_batch(record)

    def cancel(self, batch_id: str, caller: str, *, cause: Closure = Closure.CANCELED) -> None:
        """Cancel all that is open in a batch; does nothing when it has ended.

        Raises:
            NotFound: There is none, or it is another caller's.
            StoreUnavailable: Redis does not answer.
        """
        answer = self._redis.call("batch_cancel", batch=batch_id, caller=caller, cause=cause)
        if answer["outcome"] == "not_found":
            raise NotFound("There is no such batch.")

    def _receive(self, verb: str, **arguments: Any) -> None:
        if self._redis.call(verb, **arguments)["outcome"] == "batch_closed":
            raise BatchClosed


def _read_batch(record: Mapping[str, Any]) -> Batch:
    return Batch(
        id=record["id"],
        created_ms=int(record["created"]),
        received_ms=_whole(record.get("received")),
        takes_photos=record["takes_photos"],
        closure=Closure(record["cause"]) if "cause" in record else None,
        items=tuple(_read_item(item) for item in record["items"] or ()),
        last_open=record.get("last_open"),
        eta_s=record.get("eta_s"),
        secret=record["secret"],
        now_ms=int(record["now"]),
    )


def _read_item(item: Mapping[str, Any]) -> BatchItem:
    failure = item.get("error")
    return BatchItem(
        number=int(item["number"]),
        label=item["file"],
        job_id=item.get("job"),
        status=JobStatus(item["status"]),
        failure=JobFailure(**{k: failure[k] for k in ("code", "message", "retryable")})
        if failure
        else None,
        finished_ms=_whole(item.get("finished")),
        expires_ms=_whole(item.get("expires")),
        cache=item.get("cache") or None,
        has_picture=bool(item.get("has_picture")),
    )


def _whole(value: object) -> int | None:
    return int(str(value)) if value not in (None, False, "") else None
