"""Batches: many photos submitted by one request, polled and canceled as one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Unpack

import httpx

from celshade.client.jobs import Failure, read_failure
from celshade.client.json_fields import Fields
from celshade.client.multipart import Attachment, Form
from celshade.client.photo_files import Photo
from celshade.client.polling import poll_until_ended
from celshade.client.retry import Sleep
from celshade.client.submission import SubmitOptions, form_fields, request_headers
from celshade.client.transport import Transport, is_held, read_json, retry_after_s_of

TERMINAL = frozenset({"succeeded", "succeeded_with_errors", "failed", "canceled"})

# The first upload under this key is still being received: its connection broke, and the server has
# not noticed yet.
_RETRYABLE_CODES = frozenset({"not_ready"})


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A photo of a batch: its job, or why it became none.

    Attributes:
        index: Place among the photos, from 0.
        file: What the server shows of the file's name.
        job_id: Its job; None when the photo was refused.
        status: As of a job.
        cache: How it met the cache: `hit`, `joined`, `miss` or `bypass`.
    """

    index: int
    file: str
    job_id: str | None
    status: str
    cache: str | None
    failure: Failure | None

    @property
    def succeeded(self) -> bool:
        """Whether there is (or was) a picture."""
        return self.status == "succeeded"


@dataclass(frozen=True, slots=True)
class Batch:
    """Many photos, at the moment the server was asked.

    Attributes:
        counts: How many photos are in each state, and in all: `total`.
        eta_s: Seconds until the last picture is there, if the server knows.
        archive_url: A signed link to a ZIP of what is there; None while nothing is.
        failure: Why the batch as a whole was canceled, if it was the server that did it.
        held: Whether the server held this answer back as `Prefer: wait` had asked.
        retry_after_s: Seconds the server wants before it is asked again; None once ended.
        etag: Names this state.
        raw: The whole object as it came.
    """

    id: str
    status: str
    created_at: datetime | None
    received_at: datetime | None
    completed_at: datetime | None
    eta_s: float | None
    counts: Mapping[str, Any]
    items: tuple[BatchItem, ...]
    failure: Failure | None
    archive_url: str | None
    retry_after_s: float | None = None
    held: bool = False
    etag: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_terminal(self) -> bool:
        """Whether all of it has ended; a state this client does not know has not."""
        return self.status in TERMINAL

    @property
    def ended(self) -> int:
        """How many of its photos have ended, successfully or not."""
        ended = ("succeeded", "failed", "canceled", "expired")
        return sum(int(self.counts.get(state, 0)) for state in ended)


class Batches:
    """The batches of one caller. Raises what every method of `Client` raises."""

    def __init__(self, transport: Transport, sleep: Sleep) -> None:
        self._http = transport
        self._sleep = sleep

    def submit(
        self,
        photos: Sequence[Photo],
        *,
        names: Sequence[str] | None = None,
        on_sent: Callable[[int, int], object] | None = None,
        **options: Unpack[SubmitOptions],
    ) -> Batch:
        """Send photos in one request, streamed one after the other.

        `Client.limits` returns how many photos and bytes a server accepts at once. Options left out
        are the server's default; they apply to each photo.

        Args:
            photos: Paths of the photos, or their bytes.
            names: What the server shows of each, and names the pictures in archives after; the
                files' own names, without their folders, when None.
            on_sent: Called with the bytes sent so far and the total, for each chunk;
                begins again at 0 when the request is repeated.
            **options: `style`, `strength`, `size`, `format`, `quality`, `priority`, `metadata`,
                `idempotency_key`, `no_cache`, `cancel_after_s` and `webhook_url`, as
                `celshade.client.submission.SubmitOptions` explains them.

        Returns:
            The batch. Photos that cannot be taken are items with their failure.

        Raises:
            PhotoUnreadable: A photo cannot be read, or changed meanwhile; nothing of the batch goes
                on.
        """
        sent_names = names if names is not None else [_name_of(photo) for photo in photos]
        attachments = [Attachment(*pair) for pair in zip(photos, sent_names, strict=True)]
        form = Form(form_fields(options), attachments, on_sent=on_sent)
        headers = request_headers(options)
        return _batch_of(
            self._http.call(
                "POST", self._url(), form=form, headers=headers, retryable_codes=_RETRYABLE_CODES
            )
        )

    def get(self, batch_id: str, wait_s: int | None = None, *, known: Batch | None = None) -> Batch:
        """Ask how a batch stands.

        Args:
            batch_id: The batch.
            wait_s: Seconds, at most 60, that the server may take to answer with its end.
            known: The last answer, which spares sending the same again.
        """
        headers = {"If-None-Match": known.etag} if known and known.etag else {}
        response = self._http.call("GET", self._url(batch_id), headers=headers, wait_s=wait_s)
        if known is not None and response.status_code == HTTPStatus.NOT_MODIFIED:
            return replace(known, retry_after_s=retry_after_s_of(response), held=is_held(response))
        return _batch_of(response)

    def wait(
        self,
        batch_id: str,
        on_progress: Callable[[Batch], object] | None = None,
        timeout_s: float | None = None,
    ) -> Batch:
        """Poll a batch until all its photos have ended, as `Client.wait` does.

        Raises:
            WaitTimeout: Some are still open; they go on.
        """
        latest: Batch | None = None

        def ask(wait_s: int | None) -> Batch:
            nonlocal latest
            latest = self.get(batch_id, wait_s, known=latest)
            return latest

        return poll_until_ended(
            ask,
            f"batch {batch_id}",
            on_progress=on_progress,
            timeout_s=timeout_s,
            sleep=self._sleep,
        )

    def cancel(self, batch_id: str) -> Batch:
        """End all that is open in a batch; what is done stays."""
        return _batch_of(self._http.call("POST", self._url(batch_id, "cancel")))

    def _url(self, *segments: str) -> str:
        return self._http.url("v1", "batches", *segments)


def _name_of(photo: Photo) -> str:
    return "photo" if isinstance(photo, bytes) else Path(photo).name


def read_batch(
    value: object,
    *,
    retry_after_s: float | None = None,
    held: bool = False,
    etag: str | None = None,
) -> Batch:
    """Read a batch's JSON object; a webhook's has no items.

    Raises:
        BadAnswer: It is not a batch.
    """
    batch = Fields(value, "batch")
    items = batch.objects("items") if "items" in batch.values else ()
    return Batch(
        id=batch.text("id"),
        status=batch.text("status"),
        created_at=batch.time("created_at"),
        received_at=batch.time("received_at"),
        completed_at=batch.time("completed_at"),
        eta_s=batch.number("eta_seconds"),
        counts=batch.mapping("counts"),
        items=tuple(_item_of(each) for each in items),
        failure=read_failure(batch),
        archive_url=batch.section("urls").optional_text("archive"),
        retry_after_s=retry_after_s,
        held=held,
        etag=etag,
        raw=batch.values,
    )


def _batch_of(response: httpx.Response) -> Batch:
    return read_batch(
        read_json(response),
        retry_after_s=retry_after_s_of(response),
        held=is_held(response),
        etag=response.headers.get("ETag"),
    )


def _item_of(value: object) -> BatchItem:
    item = Fields(value, "batch item")
    return BatchItem(
        index=item.integer("index") or 0,
        file=item.optional_text("file") or "",
        job_id=item.optional_text("job_id"),
        status=item.text("status"),
        cache=item.optional_text("cache"),
        failure=read_failure(item),
    )
