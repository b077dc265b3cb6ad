"""Submission: the way of a photo from the request into the job store, and a job's way back in.

The order is what keeps promises: nothing is stored before all has been checked; the name of an
object is doomed in the job store before the object exists; a hint goes out after the job is there.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import BinaryIO

from werkzeug.wrappers import Request

from api.catalog import StyleOffer
from api.ids import checked_id
from api.intake.json_object import MEDIA_TYPE
from api.intake.json_submission import read_json_submission
from api.intake.photo_upload import PhotoSpool, Upload, read_photo_upload
from api.output_check import look_for
from api.parameters import Parameters
from api.parts import Parts
from api.photo_by_address import fetch_photo
from api.webhook_target import webhook_target
from api.wishes import Wishes
from common import log
from common.callers import Caller
from common.errors import NotRetryable, UnknownStyle
from common.jobs import Priority, new_job_id
from common.photos import inspect
from common.renders import Identity, Params, work_size
from common.storage.names import new_input_name
from common.store.submissions import (
    Answer,
    BatchPlace,
    Outcome,
    Submission,
    WebhookTarget,
)


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
    def received(cls, upload: Upload, parts: Parts) -> "Source":
        """Look at a photo that was received.

        Raises:
            RequestError: It is not accepted.
        """
        photo = inspect(upload.file, parts.photo_limits)
        return cls(
            sha256=upload.sha256,
            width=photo.width,
            height=photo.height,
            content_type=photo.content_type,
            input_name=new_input_name(),
            file=upload.file,
        )

    @classmethod
    def kept(cls, image_id: str, caller: Caller, parts: Parts) -> "Source":
        """Find a kept image of the caller's.

        Raises:
            NotFound: There is no such image.
        """
        image = parts.store.images.view(image_id, caller.name)
        return cls(
            sha256=image.sha256,
            width=image.width,
            height=image.height,
            content_type=image.content_type,
            input_name=image.input_name,
            file=None,
            image_id=image.id,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """A submission, read and checked, with nothing stored yet.

    Attributes:
        place: The batch it came in with.
        webhook: Where its end is told.
    """

    caller: Caller
    wishes: Wishes
    parameters: Parameters
    style: StyleOffer
    source: Source
    place: BatchPlace | None = None
    webhook: WebhookTarget | None = None


def submit(request: Request, caller: Caller, parts: Parts) -> str:
    """Take in the photo of a request and return its job's id.

    Raises:
        RequestError: The request cannot be served as it was sent; nothing is left behind.
        ServiceError: Not now.
    """
    wishes = Wishes.of(request.headers, deadline_s=parts.settings.deadline_s)
    with _receive(request, parts) as upload:
        parameters = Parameters.parse(upload.fields)
        webhook = webhook_target(parameters, request, parts)
        style = parts.catalog.choose(parameters.style)
        if upload.image_id is None:
            source = Source.received(upload, parts)
        else:
            source = Source.kept(checked_id(upload.image_id, "image"), caller, parts)
        asked = Asked(caller, wishes, parameters, style, source, webhook=webhook)
        return bring_in(asked, parts)


def _receive(request: Request, parts: Parts) -> Upload:
    """Receive a photo, or fetch it from where the request says it lies."""
    most = parts.settings.max_upload_bytes
    if request.mimetype != MEDIA_TYPE:
        return read_photo_upload(request, max_image_bytes=most)

    def fetch(url: str, spool: PhotoSpool) -> None:
        fetch_photo(url, spool, parts)

    return read_json_submission(request, fetch=fetch, max_image_bytes=most)


def resubmit(job_id: str, caller: Caller, parts: Parts) -> None:
    """Submit an ended job anew, under its own id and its style's present version.

    Raises:
        NotFound: There is no such job of this caller.
        NotRetryable: It is open or succeeded, its photo is gone, or its style is.
        ServiceError: Not now.
    """
    record = parts.store.ledger.identity_fields(job_id, caller.name)
    try:
        style = parts.catalog.choose(record["style"])
    except UnknownStyle as error:
        raise NotRetryable("The style of this job is no longer offered.") from error
    submission = Submission(
        job_id=job_id,
        caller=caller.name,
        weight=caller.share.weight,
        max_open_jobs=caller.share.max_open_jobs,
        megapixels_per_day=caller.share.megapixels_per_day,
        priority=Priority(record["priority"]),
        style=record["style"],
        version=style.line.version,
        line=style.line.name,
        identity=Identity(
            image_sha256=record["sha"],
            params=Params.from_dict(json.loads(record["params"])),
            scope=record["scope"],
            salt=record["salt"],
        ),
        work_px=int(record["px"]),
        source_type=record["ctype"],
        span_s=int(record["span"]) / 1000,
        input_name=record["input"],
        metadata=json.loads(record["meta"]),
        bypass=bool(record["salt"]),
    )
    log.job_id.set(job_id)
    submissions = parts.store.submissions
    answer = submissions.retry(submission)
    if answer.outcome is Outcome.CHECK_OUTPUT:
        look_for(answer.object_name, 0, parts)
        answer = submissions.retry(replace(submission, trusts_cache=True))
    _hint(submission, answer, parts)


def _scope(parts: Parts, caller: Caller) -> str:
    return "service" if parts.settings.cache_scope == "service" else f"caller:{caller.name}"


def _compose(asked: Asked, *, scope: str) -> Submission:
    """Say to the job store what was asked, in its one canonical form."""
    job_id, source, parameters = new_job_id(), asked.source, asked.parameters
    params = Params.canonical(
        strength=parameters.strength,
        size=asked.style.size_px(parameters.size),
        picture_format=parameters.format,
        quality=parameters.quality,
        photo_long_side_px=max(source.width, source.height),
    )
    width, height = work_size(source.width, source.height, params.size)
    # Duplicates within a batch are one render, even one that nobody else joins or hits.
    own = asked.place.batch_id if asked.place else job_id
    return Submission(
        job_id=job_id,
        caller=asked.caller.name,
        weight=asked.caller.share.weight,
        max_open_jobs=asked.caller.share.max_open_jobs,
        megapixels_per_day=asked.caller.share.megapixels_per_day,
        priority=parameters.priority,
        style=asked.style.name,
        version=asked.style.line.version,
        line=asked.style.line.name,
        identity=Identity(
            image_sha256=source.sha256,
            params=params,
            scope=scope,
            salt=own if asked.wishes.bypass else "",
        ),
        work_px=width * height,
        source_type=source.content_type,
        span_s=asked.wishes.span_s,
        input_name=source.input_name,
        metadata=parameters.metadata,
        bypass=asked.wishes.bypass,
        only_if_cached=asked.wishes.only_if_cached,
        # A batch's key stands for the whole of it.
        idempotency_key=None if asked.place else asked.wishes.idempotency_key,
        fingerprint=fingerprint(
            source.sha256, asked.style.name, params, asked.wishes.span_s, parameters.webhook_url
        ),
        place=asked.place,
        webhook=asked.webhook,
        image_id=source.image_id,
    )


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


def bring_in(asked: Asked, parts: Parts) -> str:
    """Answer a submission from what is there, or store its photo and put it in line.

    Returns:
        The id of its job.

    Raises:
        RequestError: It cannot be taken in; nothing is left behind.
        ServiceError: Not now.
    """
    submission = _compose(asked, scope=_scope(parts, asked.caller))
    log.job_id.set(submission.job_id)
    submissions = parts.store.submissions
    answer = submissions.admit(submission)
    if answer.outcome is Outcome.CHECK_OUTPUT:
        look_for(answer.object_name, 0, parts)
        answer = submissions.admit(replace(submission, trusts_cache=True))
    if answer.outcome is Outcome.NEED_INPUT:
        source = asked.source
        if source.file is not None:
            # Should this or the next step fail, the name is doomed: the keeper sweeps the object.
            parts.objects.put(source.input_name, source.file, content_type=source.content_type)
        answer = submissions.enqueue(submission)
    _hint(submission, answer, parts)
    return answer.job_id


def _hint(submission: Submission, answer: Answer, parts: Parts) -> None:
    """Tell the workers, when there is something new for them."""
    if answer.outcome is not Outcome.QUEUED:
        return
    key = submission.identity.key(submission.line)
    parts.hints.publish(submission.line, key)
