"""Submissions: bring a photo from the request into the job store, and an ended job back into line.

The order matters: nothing is stored before everything is checked. The name of an object is marked
for deletion in the job store before the object exists. A hint is sent after the job is stored.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO

from api.catalog.catalog import Catalog, StyleOffer
from api.http.request_options import RequestOptions
from api.submissions.parameters import Parameters
from api.submissions.result_check import ResultCheck
from api.uploads.multipart import Upload
from common import log
from common.callers import Caller
from common.errors import BadTarget, InvalidParam, NotRetryable, UnknownStyle
from common.jobs import new_job_id
from common.jobstore.images import Images
from common.jobstore.submissions import (
    Answer,
    BatchPlace,
    Outcome,
    Submission,
    Submissions,
)
from common.jobstore.webhooks import WebhookTarget
from common.objects.base import ObjectStore
from common.objects.names import new_input_name
from common.outbound.http_client import OutboundClient
from common.photos import PhotoLimits, inspect
from common.queue.hints import HintPublisher
from common.renders import Identity, Params, work_size
from common.settings import Settings


@dataclass(frozen=True, slots=True)
class Source:
    """A photo that jobs can be made from: a received one, or a kept image.

    Attributes:
        sha256: Of its bytes, lower-case hexadecimal.
        width: Pixels, as it is seen.
        height: As `width`.
        content_type: Media type, from its content.
        input_name: Name of its object; not stored yet if there is a `file`.
        file: Its bytes, to be stored; None for a kept image.
        image_id: Id of the kept image.
    """

    sha256: str
    width: int
    height: int
    content_type: str
    input_name: str
    file: BinaryIO | None
    image_id: str | None = None

    @classmethod
    def received(cls, upload: Upload, limits: PhotoLimits) -> "Source":
        """Inspect a received photo.

        Raises:
            RequestError: It is not accepted.
        """
        photo = inspect(upload.file, limits)
        return cls(
            sha256=upload.sha256,
            width=photo.width,
            height=photo.height,
            content_type=photo.content_type,
            input_name=new_input_name(),
            file=upload.file,
        )

    @classmethod
    def kept(cls, image_id: str, caller: Caller, images: Images) -> "Source":
        """Load a kept image of the caller.

        Raises:
            NotFound: There is no such image.
        """
        image = images.view(image_id, caller.name)
        return cls(
            sha256=image.sha256,
            width=image.width,
            height=image.height,
            content_type=image.content_type,
            input_name=image.input_name,
            file=None,
            image_id=image.id,
        )


def webhook_target(
    webhook_url: str | None, outbound: OutboundClient, *, base_url: str
) -> WebhookTarget | None:
    """Return the webhook target of a submission; None if it names no address.

    Args:
        webhook_url: The address from the request.
        outbound: Reads addresses as it would call them.
        base_url: What links in the event begin with.

    Raises:
        InvalidParam: The address is invalid or never allowed.
    """
    if webhook_url is None:
        return None
    try:
        target = outbound.read(webhook_url)
    except BadTarget as error:
        raise InvalidParam(str(error), field="webhook_url") from error
    return WebhookTarget(target.url, base_url)


def compose(
    *,
    caller: Caller,
    options: RequestOptions,
    parameters: Parameters,
    style: StyleOffer,
    source: Source,
    scope: str,
    place: BatchPlace | None = None,
    webhook: WebhookTarget | None = None,
) -> Submission:
    """Build a submission in its canonical form; nothing is stored yet.

    Args:
        caller: Who sends it.
        options: The options from its headers.
        parameters: The parameters from its fields.
        style: The chosen style.
        source: The photo.
        scope: Who shares its picture: `caller:NAME` or `service`.
        place: Its place in a batch.
        webhook: Where its end is reported.
    """
    job_id = new_job_id()
    params = Params.canonical(
        strength=parameters.strength,
        size=style.size_px(parameters.size),
        picture_format=parameters.format,
        quality=parameters.quality,
        photo_long_side_px=max(source.width, source.height),
    )
    width, height = work_size(source.width, source.height, params.size)
    # Duplicates within a batch share a render, even if no other submission may share it.
    own = place.batch_id if place else job_id
    return Submission(
        job_id=job_id,
        caller=caller,
        priority=parameters.priority,
        style=style.name,
        version=style.line.version,
        line=style.line.name,
        identity=Identity(
            image_sha256=source.sha256,
            params=params,
            scope=scope,
            salt=own if options.bypass else "",
        ),
        work_px=width * height,
        source_type=source.content_type,
        span_s=options.span_s,
        input_name=source.input_name,
        metadata=parameters.metadata,
        bypass=options.bypass,
        only_if_cached=options.only_if_cached,
        # The key of a batch covers the whole batch.
        idempotency_key=None if place else options.idempotency_key,
        fingerprint=fingerprint(
            source.sha256, style.name, params, options.span_s, parameters.webhook_url
        ),
        place=place,
        webhook=webhook,
        image_id=source.image_id,
    )


def fingerprint(
    image_sha256: str, style: str, params: Params, span_s: float, webhook_url: str | None
) -> str:
    """Hash what must not differ under one idempotency key: photo, parameters, deadline, webhook.

    Priority and metadata may differ when a client sends the same photo again. The client does not
    choose the style version.
    """
    webhook = [webhook_url] if webhook_url is not None else []
    text = json.dumps([image_sha256, style, params.as_dict(), span_s, *webhook], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def scope_of(caller: Caller, settings: Settings) -> str:
    """Return who shares the pictures of a caller: the caller alone, or the whole service."""
    return "service" if settings.cache_scope == "service" else f"caller:{caller.name}"


class Submitter:
    """Brings submissions into the job store. Safe to use from several threads.

    Args:
        submissions: The job store's verbs.
        objects: Where photos are stored.
        hints: Notifies the workers.
        catalog: The styles.
        result_check: Checks pictures before they are hit.
    """

    def __init__(
        self,
        *,
        submissions: Submissions,
        objects: ObjectStore,
        hints: HintPublisher,
        catalog: Catalog,
        result_check: ResultCheck,
    ) -> None:
        self._submissions = submissions
        self._objects = objects
        self._hints = hints
        self._catalog = catalog
        self._result_check = result_check

    def admit(self, submission: Submission, source: Source) -> str:
        """Serve a submission from the cache, or store its photo and queue it.

        Returns:
            The id of its job.

        Raises:
            RequestError: It is refused; nothing is left behind.
            ServiceError: The service cannot take it now.
        """
        log.job_id.set(submission.job_id)
        answer = self._checked(self._submissions.admit, submission)
        if answer.outcome is Outcome.NEED_INPUT:
            if source.file is not None:
                # If this or the next step fails, the keeper deletes the object.
                self._objects.put(source.input_name, source.file, content_type=source.content_type)
            answer = self._submissions.enqueue(submission)
        self._hint(submission, answer)
        return answer.job_id

    def resubmit(self, job_id: str, caller: Caller) -> None:
        """Submit an ended job again, under its id and with the present version of its style.

        Raises:
            NotFound: There is no such job of this caller.
            NotRetryable: It is open or succeeded, or its photo or style is gone.
            ServiceError: The service cannot take it now.
        """
        submission = self._submissions.resubmission(job_id, caller, self._version_of)
        log.job_id.set(job_id)
        self._hint(submission, self._checked(self._submissions.retry, submission))

    def _checked(self, verb: Callable[[Submission], Answer], submission: Submission) -> Answer:
        """Call a verb; again after a look at the picture that it would hit, if it asks for one."""
        answer = verb(submission)
        if answer.outcome is not Outcome.CHECK_OUTPUT:
            return answer
        self._result_check.is_present(answer.object_name)
        return verb(replace(submission, trusts_cache=True))

    def _version_of(self, style: str) -> tuple[str, str]:
        try:
            line = self._catalog.choose(style).line
        except UnknownStyle as error:
            raise NotRetryable("The style of this job is no longer offered.") from error
        return line.version, line.name

    def _hint(self, submission: Submission, answer: Answer) -> None:
        """Notify the workers of a new render."""
        if answer.outcome is Outcome.QUEUED:
            self._hints.publish(submission.line, submission.render_key)
