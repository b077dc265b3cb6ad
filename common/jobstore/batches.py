"""Batches: photos that were submitted by one request, from the first received to the last done."""

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
    """The status of a batch; it follows from its jobs."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_ERRORS = "succeeded_with_errors"
    FAILED = "failed"
    CANCELED = "canceled"


class Closure(StrEnum):
    """Why a batch was ended before its jobs were done."""

    CANCELED = "canceled"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A photo of a batch.

    Attributes:
        number: Its place in the request, from 0.
        label: Its file's name, safe to show.
        job_id: Its job; None if it was refused.
        status: The job's; `failed` if it was refused.
        failure: Why there is no picture.
        finished_ms: When the job ended.
        expires_ms: When its picture expires.
        cache: Its cache status; None once the job's record is gone.
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
    """A batch at one moment. Times are milliseconds since the epoch by Redis' clock.

    Attributes:
        received_ms: When its last photo was received; None while receiving, or if it broke off.
        closure: Why it was ended early, if it was.
        eta_s: Seconds until the last open job is done; None if unknown.
        last_open: The open job with the highest number.
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
        """The batch's status, derived from its items."""
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
        """When its last job ended; None while it runs."""
        if self.status is BatchStatus.RUNNING:
            return None
        ends = [item.finished_ms for item in self.items if item.finished_ms is not None]
        return max([*ends, self.received_ms or self.created_ms])


@dataclass(frozen=True, slots=True)
class Begun:
    """A new batch; or the one already received under this idempotency key, with its fingerprint."""

    batch_id: str
    fingerprint: str | None = None


class Batches:
    """The verbs on batches."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def begin(
        self, caller: str, *, idempotency_key: str | None, webhook: WebhookTarget | None = None
    ) -> Begun:
        """Begin a batch, or return the one already received under the idempotency key.

        Raises:
            BatchBusy: That one is still being received.
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
        """Record a photo that was refused.

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
        """Report that the batch is still being received; errors as of `refuse`."""
        self._receive("batch_renew", batch=batch_id)

    def seal(self, batch_id: str, *, fingerprint: str) -> None:
        """Report that the whole batch was received; errors as of `refuse`."""
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
        """Cancel all open jobs of a batch; does nothing if it has ended.

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
