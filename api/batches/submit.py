"""Submitting a batch: from one request to a job for each of its photos.

Each photo is read, checked and submitted before the next one is read, so that a batch of any size
needs the memory of one photo. A refused photo becomes an item with its error. When the request is
cut off, the open jobs of the batch are canceled: a client without a response finds nothing or a
canceled batch, and sends it again. When this process dies, the keeper does the same.
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
from api.submissions.submission import Source, compose, scope_of, webhook_target
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

RENEW_EVERY_S = 15.0  # a batch expires after 60 s without a renewal
STORAGE_FAILURES = 3  # in a row: each may take seconds, and the next would fail too
# Refusals that depend on the present load or cache, not on the photo.
TEMPORARY_REFUSALS = (ServiceError, QueueFullForKey, QuotaExceeded, NotCached)


def submit_batch(request: Request, caller: Caller, context: Context) -> str:
    """Submit the photos of a request and return the id of their batch.

    Raises:
        RequestError: The request is invalid or refused; its open jobs are canceled.
        ServiceError: The service cannot take it now; its open jobs are canceled.
    """
    receiver = _BatchReceiver(request, caller, context)
    try:
        return receiver.receive()
    except BaseException:
        receiver.abort()
        raise


class _BatchReceiver:
    """One batch while it is received.

    Args:
        request: The request; its body has not been read.
        caller: Who sent it.
        context: The context of the request.
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
            on_chunk=self._renew,
        )
        self._batch_id: str | None = None
        self._known_fingerprint: str | None = None
        self._sha256s: list[str] = []
        self._storage_failures = 0
        self._renewed_s = 0.0

    def receive(self) -> str:
        """Submit all photos; errors as of `submit_batch`."""
        style, parameters = None, None
        for photo in self._upload.photos():
            if style is None or parameters is None:
                parameters = Parameters.parse(self._upload.fields)
                style = self._context.catalog.choose(parameters.style)
                style.size_px(parameters.size)  # refused once, not for each photo
                self._begin(self._webhook_target(parameters))
            self._sha256s.append(photo.upload.sha256 if photo.upload else "")
            if self._known_fingerprint is None:
                self._submit(photo, style, parameters)
        if style is None or parameters is None or self._batch_id is None:
            raise MalformedRequest(NO_BATCH)
        log.job_id.set(None)  # the response is about the whole batch
        self._seal(style, parameters)
        return self._batch_id

    def abort(self) -> None:
        """Cancel the open jobs; the keeper does it if the job store is unavailable."""
        if self._batch_id is None or self._known_fingerprint is not None:
            return
        batches = self._context.store.batches
        try:
            batches.cancel(self._batch_id, self._caller.name, cause=Closure.INCOMPLETE)
        except CelshadeError as error:
            _log.warning("an aborted batch is left to the keeper: %s", error)

    def _webhook_target(self, parameters: Parameters) -> WebhookTarget | None:
        base_url = self._context.origin_guard.base_url(self._request)
        return webhook_target(parameters.webhook_url, self._context.outbound, base_url=base_url)

    def _begin(self, webhook: WebhookTarget | None) -> None:
        begun = self._context.store.batches.begin(
            self._caller.name, idempotency_key=self._options.idempotency_key, webhook=webhook
        )
        self._batch_id, self._known_fingerprint = begun.batch_id, begun.fingerprint
        self._renewed_s = time.monotonic()

    def _renew(self) -> None:
        """Keep the batch from expiring while a slow client sends."""
        if self._batch_id is None or self._known_fingerprint is not None:
            return
        if time.monotonic() - self._renewed_s > RENEW_EVERY_S:
            self._context.store.batches.renew(self._batch_id)
            self._renewed_s = time.monotonic()

    def _submit(self, photo: PhotoPart, style: StyleOffer, parameters: Parameters) -> None:
        """Submit a photo, or record why it was refused."""
        if self._batch_id is None:
            raise MalformedRequest(NO_BATCH)
        log.job_id.set(None)
        place = BatchPlace(self._batch_id, len(self._sha256s) - 1, photo.label)
        try:
            source = self._source(photo)
            submission = compose(
                caller=self._caller,
                options=self._options,
                parameters=parameters,
                style=style,
                source=source,
                scope=scope_of(self._caller, self._context.settings),
                place=place,
            )
            self._context.submitter.admit(submission, source)
            self._storage_failures = 0
        except BatchClosed:
            raise
        except (RequestError, QueueFull, StorageUnavailable) as error:
            self._raise_if_fatal(error)
            is_retryable = isinstance(error, TEMPORARY_REFUSALS)
            self._context.store.batches.refuse(place, error, is_retryable=is_retryable)

    def _source(self, photo: PhotoPart) -> Source:
        if photo.upload is None:
            raise photo.error or MalformedRequest(NO_BATCH)
        return Source.received(photo.upload, self._context.photo_limits)

    def _raise_if_fatal(self, error: CelshadeError) -> None:
        """Raise an error that ends the batch.

        When the first photo is refused for lack of capacity, so is the request: nothing was
        accepted, and `Retry-After` says when to send it again.
        """
        if isinstance(error, StorageUnavailable):
            self._storage_failures += 1
        is_first = len(self._sha256s) == 1 and isinstance(error, TEMPORARY_REFUSALS)
        if self._storage_failures == STORAGE_FAILURES or (
            is_first and not isinstance(error, NotCached)
        ):
            raise error

    def _seal(self, style: StyleOffer, parameters: Parameters) -> None:
        """Complete the batch, or compare it with the one sent under the same key before."""
        fingerprint = self._fingerprint(style, parameters)
        if self._known_fingerprint is None and self._batch_id is not None:
            self._context.store.batches.seal(self._batch_id, fingerprint=fingerprint)
        elif fingerprint != self._known_fingerprint:
            raise IdempotencyKeyReuse

    def _fingerprint(self, style: StyleOffer, parameters: Parameters) -> str:
        """Hash what must not differ under one idempotency key, as for a job."""
        text = json.dumps(
            [
                self._sha256s,
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
