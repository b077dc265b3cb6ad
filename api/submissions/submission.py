"""Submission: the way of a photo from the request into the job store, and a job's way back in.

The order is what keeps promises: nothing is stored before all has been checked; the name of an
object is doomed in the job store before the object exists; a hint goes out after the job is there.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import BinaryIO

from werkzeug.wrappers import Request

from api.catalog.catalog import StyleOffer
from api.context.context import Context
from api.http.request_options import RequestOptions
from api.submissions.parameters import Parameters
from api.submissions.result_check import look_for
from api.uploads.multipart import Upload
from common import log
from common.callers import Caller
from common.errors import BadTarget, InvalidParam, NotRetryable, UnknownStyle
from common.jobs import new_job_id
from common.jobstore.submissions import Answer, BatchPlace, Outcome, Submission
from common.jobstore.webhooks import WebhookTarget
from common.objects.names import new_input_name
from common.photos import inspect
from common.renders import Identity, Params, work_size


@dataclass(frozen=True, slots=True)
class Source:
    """A photo that jobs can be made from: one that was just received, or a kept image.

    Attributes:
        sha256: Of its bytes, lower-case hexadecimal.
        width: Pixels, as it is seen.
        height: As `width`.
        content_type: Media type, by its content.
        input_name: Its object's name; nothing lies there yet while there is a `file`.
        file: Its bytes, to be stored; None for a kept image.
        image_id: The kept image.
    """

    sha256: str
    width: int
    height: int
    content_type: str
    input_name: str
    file: BinaryIO | None
    image_id: str | None = None

    @classmethod
    def received(cls, upload: Upload, context: Context) -> "Source":
        """Look at a photo that was received.

        Raises:
            RequestError: It is not accepted.
        """
        photo = inspect(upload.file, context.photo_limits)
        return cls(
            sha256=upload.sha256,
            width=photo.width,
            height=photo.height,
            content_type=photo.content_type,
            input_name=new_input_name(),
            file=upload.file,
        )

    @classmethod
    def kept(cls, image_id: str, caller: Caller, context: Context) -> "Source":
        """Find a kept image of the caller's.

        Raises:
            NotFound: There is no such image.
        """
        image = context.store.images.view(image_id, caller.name)
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
    parameters: Parameters, request: Request, context: Context
) -> WebhookTarget | None:
    """Return where a submission's events go; None when it names no address.

    Raises:
        InvalidParam: It is no address that would ever be called.
    """
    if parameters.webhook_url is None:
        return None
    try:
        target = context.outbound.read(parameters.webhook_url)
    except BadTarget as error:
        raise InvalidParam(str(error), field="webhook_url") from error
    return WebhookTarget(target.url, context.origin_guard.base_url(request))


def compose(
    context: Context,
    *,
    caller: Caller,
    options: RequestOptions,
    parameters: Parameters,
    style: StyleOffer,
    source: Source,
    place: BatchPlace | None = None,
    webhook: WebhookTarget | None = None,
) -> Submission:
    """Bring what was asked into its one canonical form; nothing is stored yet.

    Args:
        context: What the request is served with.
        caller: Who asks.
        options: What the headers say.
        parameters: What the fields say.
        style: The style that was chosen.
        source: The photo.
        place: The batch it came in with.
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
    # Duplicates within a batch are one render, even one that nobody else joins or hits.
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
            scope=_scope(context, caller),
            salt=own if options.bypass else "",
        ),
        work_px=width * height,
        source_type=source.content_type,
        span_s=options.span_s,
        input_name=source.input_name,
        metadata=parameters.metadata,
        bypass=options.bypass,
        only_if_cached=options.only_if_cached,
        # A batch's key stands for the whole of it.
        idempotency_key=None if place else options.idempotency_key,
        fingerprint=fingerprint(
            source.sha256, style.name, params, options.span_s, parameters.webhook_url
        ),
        place=place,
        webhook=webhook,
        image_id=source.image_id,
    )


def admit(submission: Submission, source: Source, context: Context) -> str:
    """Answer a submission from what is there, or store its photo and put it in line.

    Returns:
        The id of its job.

    Raises:
        RequestError: It cannot be taken in; nothing is left behind.
        ServiceError: Not now.
    """
    log.job_id.set(submission.job_id)
    submissions = context.store.submissions
    answer = submissions.admit(submission)
    if answer.outcome is Outcome.CHECK_OUTPUT:
        look_for(answer.object_name, 0, context)
        answer = submissions.admit(replace(submission, trusts_cache=True))
    if answer.outcome is Outcome.NEED_INPUT:
        if source.file is not None:
            # Should this or the next step fail, the name is doomed: the keeper sweeps the object.
            context.objects.put(source.input_name, source.file, content_type=source.content_type)
        answer = submissions.enqueue(submission)
    _hint(submission, answer, context)
    return answer.job_id


def resubmit(job_id: str, caller: Caller, context: Context) -> None:
    """Submit an ended job again, under its own id and its style's present version.

    Raises:
        NotFound: There is no such job of this caller.
        NotRetryable: It is open or succeeded, its photo is gone, or its style is.
        ServiceError: Not now.
    """

    def version_of(style: str) -> tuple[str, str]:
        try:
            line = context.catalog.choose(style).line
        except UnknownStyle as error:
            raise NotRetryable("The style of this job is no longer offered.") from error
        return line.version, line.name

    submissions = context.store.submissions
    submission = submissions.resubmission(job_id, caller, version_of)
    log.job_id.set(job_id)
    answer = submissions.retry(submission)
    if answer.outcome is Outcome.CHECK_OUTPUT:
        look_for(answer.object_name, 0, context)
        answer = submissions.retry(replace(submission, trusts_cache=True))
    _hint(submission, answer, context)


def _scope(context: Context, caller: Caller) -> str:
    return "service" if context.settings.cache_scope == "service" else f"caller:{caller.name}"


def fingerprint(
    image_sha256: str, style: str, params: Params, span_s: float, webhook_url: str | None
) -> str:
    """Digest of what must not differ under one key: photo, parameters, deadline and webhook.

    Priority and metadata are labels: a client that sends the same photo again may differ in them.
    The style's version is not the client's doing.
    """
    webhook = [webhook_url] if webhook_url is not None else []
    text = json.dumps([image_sha256, style, params.as_dict(), span_s, *webhook], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _hint(submission: Submission, answer: Answer, context: Context) -> None:
    """Tell the workers, when there is something new for them."""
    if answer.outcome is Outcome.QUEUED:
        context.hints.publish(submission.line, submission.render_key)
