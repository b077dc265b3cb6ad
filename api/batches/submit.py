"""Batch submission: the way of many photos from one request into the job store.

Each photo is read, checked and brought in before the next one is read, so that a batch of any size
costs the memory of one photo. What cannot be taken in becomes an item with its error. When the
request breaks off, what is open of the batch is canceled: a client without an answer finds either
nothing or a canceled batch, and sends it again. When this process dies, the keeper does the same.
"""

import hashlib
import json
import logging
import time

from werkzeug.wrappers import Request

from api.batches.upload import NO_BATCH, BatchUpload, PhotoPart
from api.catalog.catalog import StyleOffer
from api.context.context import Context
from api.http.request_options import RequestOptions
from api.submissions.parameters import Parameters
from api.submissions.submission import Source, admit, compose, webhook_target
from common import log
from common.callers import Caller
from common.errors import (
    BatchClosed,
    CelshadeError,
    IdempotencyKeyReuse,
    MalformedRequest,
    NotCached,
    QueueFull,
    QueueFullForKey,
    QuotaExceeded,
    RequestError,
    ServiceError,
    StorageUnavailable,
)
from common.jobstore.batches import Closure
from common.jobstore.submissions import BatchPlace
from common.jobstore.webhooks import WebhookTarget

_log = logging.getLogger(__name__)

RENEW_EVERY_S = 15.0  # a receipt lapses after 60 s without a word
STORAGE_FAILURES = 3  # in a row: each may take seconds, and the rest would fare no better
# Refusals that lie in the moment and not in the photo.
NOT_NOW = (ServiceError, QueueFullForKey, QuotaExceeded, NotCached)


def submit_batch(request: Request, caller: Caller, context: Context) -> str:
    """Take in the photos of a request and return their batch's id.

    Raises:
        RequestError: The request cannot be served as it was sent; nothing of it goes on.
        ServiceError: Not now; nothing of it goes on.
    """
    reception = _Reception(request, caller, context)
    try:
        return reception.receive()
    except BaseException:
        reception.break_off()
        raise


class _Reception:
    """One batch on its way in.

    Args:
        request: The request; its body has not been read.
        caller: Who sent it.
        parts: The application's parts.
    """

    def __init__(self, request: Request, caller: Caller, context: Context) -> None:
        self._request = request
        self._caller = caller
        self._context = context
        self._options = RequestOptions.of(request.headers, deadline_s=context.settings.deadline_s)
        self._upload = BatchUpload(
            request,
            max_image_bytes=context.settings.max_upload_bytes,
            max_photos=context.settings.max_batch_photos,
            heard=self._heard,
        )
        self._batch_id: str | None = None
        self._former_print: str | None = None
        self._prints: list[str] = []
        self._storage_failures = 0
        self._renewed_s = 0.0

    def receive(self) -> str:
        """Take in all photos; errors as of `submit_batch`."""
        style, parameters = None, None
        for photo in self._upload.photos():
            if style is None or parameters is None:
                parameters = Parameters.parse(self._upload.fields)
                style = self._context.catalog.choose(parameters.style)
                style.size_px(parameters.size)  # refused now, and not once for each photo
                self._begin(webhook_target(parameters, self._request, self._context))
            self._prints.append(photo.upload.sha256 if photo.upload else "")
            if self._former_print is None:
                self._take(photo, style, parameters)
        if style is None or parameters is None or self._batch_id is None:
            raise MalformedRequest(NO_BATCH)
        log.job_id.set(None)  # the answer is about all of them
        self._seal(style, parameters)
        return self._batch_id

    def break_off(self) -> None:
        """Cancel what is open; the keeper does it where the job store does not answer."""
        if self._batch_id is None or self._former_print is not None:
            return
        batches = self._context.store.batches
        try:
            batches.cancel(self._batch_id, self._caller.name, cause=Closure.INCOMPLETE)
        except CelshadeError as error:
            _log.warning("a batch that broke off waits for the keeper: %s", error)

    def _begin(self, webhook: WebhookTarget | None) -> None:
        begun = self._context.store.batches.begin(
            self._caller.name, idempotency_key=self._options.idempotency_key, webhook=webhook
        )
        self._batch_id, self._former_print = begun.batch_id, begun.fingerprint
        self._renewed_s = time.monotonic()

    def _heard(self) -> None:
        """Keep the batch from lapsing while a slow client sends."""
        if self._batch_id is None or self._former_print is not None:
            return
        if time.monotonic() - self._renewed_s > RENEW_EVERY_S:
            self._context.store.batches.renew(self._batch_id)
            self._renewed_s = time.monotonic()

    def _take(self, photo: PhotoPart, style: StyleOffer, parameters: Parameters) -> None:
        """Bring a photo in, or note why it was refused."""
        if self._batch_id is None:
            raise MalformedRequest(NO_BATCH)
        log.job_id.set(None)
        place = BatchPlace(self._batch_id, len(self._prints) - 1, photo.label)
        try:
            source = self._source(photo)
            submission = compose(
                self._context,
                caller=self._caller,
                options=self._options,
                parameters=parameters,
                style=style,
                source=source,
                place=place,
            )
            admit(submission, source, self._context)
            self._storage_failures = 0
        except BatchClosed:
            raise
        except (RequestError, QueueFull, StorageUnavailable) as error:
            self._check_patience(error)
            is_retryable = isinstance(error, NOT_NOW)
            self._context.store.batches.refuse(place, error, is_retryable=is_retryable)

    def _source(self, photo: PhotoPart) -> Source:
        if photo.upload is None:
            raise photo.error or MalformedRequest(NO_BATCH)
        return Source.received(photo.upload, self._context)

    def _check_patience(self, error: CelshadeError) -> None:
        """Raise what makes no sense to go on with.

        When the very first photo finds no room, the request itself is answered so: nothing was
        taken in, and `Retry-After` tells when to send it again.
        """
        if isinstance(error, StorageUnavailable):
            self._storage_failures += 1
        is_first = len(self._prints) == 1 and isinstance(error, NOT_NOW)
        if self._storage_failures == STORAGE_FAILURES or (
            is_first and not isinstance(error, NotCached)
        ):
            raise error

    def _seal(self, style: StyleOffer, parameters: Parameters) -> None:
        """Say that all is there; or compare it with what came under its key before."""
        found = self._fingerprint(style, parameters)
        if self._former_print is None and self._batch_id is not None:
            self._context.store.batches.seal(self._batch_id, fingerprint=found)
        elif found != self._former_print:
            raise IdempotencyKeyReuse

    def _fingerprint(self, style: StyleOffer, parameters: Parameters) -> str:
        """Digest of what must not differ under one idempotency key, as for a job."""
        text = json.dumps(
            [
                self._prints,
                style.name,
                round(parameters.strength, 2),
                style.size_px(parameters.size),
                parameters.format,
                parameters.quality if parameters.format.has_quality else None,
                self._options.span_s,
                *([parameters.webhook_url] if parameters.webhook_url is not None else []),
            ]
        )
        return hashlib.sha256(text.encode()).hexdigest()
