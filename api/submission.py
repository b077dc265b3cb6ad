"""Submission: the way of a photo from the request into the job store, and a job's way back in.

The order is what keeps promises: nothing is stored before all has been checked; the name of an
object is doomed in the job store before the object exists; a hint goes out after the job is there.
"""

import hashlib
import json
from dataclasses import dataclass

from werkzeug.wrappers import Request

from api.callers import Caller
from api.catalog import StyleOffer
from api.intake.photo_upload import Upload, read_photo_upload
from api.parameters import Parameters
from api.parts import Parts
from api.wishes import Wishes
from common import log
from common.errors import NotRetryable, UnknownStyle
from common.jobs import Priority, new_job_id
from common.photos import Photo, inspect
from common.renders import Identity, Params, work_size
from common.storage.names import new_input_name
from common.store.submissions import Answer, Outcome, Submission


@dataclass(frozen=True, slots=True)
class _Request:
    """A photo's submission, read and checked, with nothing stored yet."""

    caller: Caller
    wishes: Wishes
    upload: Upload
    parameters: Parameters
    style: StyleOffer
    photo: Photo


def submit(request: Request, caller: Caller, parts: Parts) -> str:
    """Take in the photo of a request and return its job's id.

    Raises:
        RequestError: The request cannot be served as it was sent; nothing is left behind.
        ServiceError: Not now.
    """
    wishes = Wishes.of(request.headers, deadline_s=parts.settings.deadline_s)
    with read_photo_upload(request, max_image_bytes=parts.settings.max_upload_bytes) as upload:
        parameters = Parameters.parse(upload.fields)
        style = parts.catalog.choose(parameters.style)
        photo = inspect(upload.file, parts.photo_limits)
        asked = _Request(caller, wishes, upload, parameters, style, photo)
        submission = _compose(asked, scope=_scope(parts, caller))
        return _bring_in(submission, asked, parts)


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
        weight=caller.weight,
        max_open_jobs=caller.max_open_jobs,
        megapixels_per_day=caller.megapixels_per_day,
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
    _hint(submission, parts.store.submissions.retry(submission), parts)


def _scope(parts: Parts, caller: Caller) -> str:
    return "service" if parts.settings.cache_scope == "service" else f"caller:{caller.name}"


def _compose(asked: _Request, *, scope: str) -> Submission:
    """Say to the job store what was asked, in its one canonical form."""
    job_id, photo, parameters = new_job_id(), asked.photo, asked.parameters
    params = Params.canonical(
        strength=parameters.strength,
        size=asked.style.size_px(parameters.size),
        picture_format=parameters.format,
        quality=parameters.quality,
        photo_long_side_px=photo.long_side_px,
    )
    width, height = work_size(photo.width, photo.height, params.size)
    return Submission(
        job_id=job_id,
        caller=asked.caller.name,
        weight=asked.caller.weight,
        max_open_jobs=asked.caller.max_open_jobs,
        megapixels_per_day=asked.caller.megapixels_per_day,
        priority=parameters.priority,
        style=asked.style.name,
        version=asked.style.line.version,
        line=asked.style.line.name,
        identity=Identity(
            image_sha256=asked.upload.sha256,
            params=params,
            scope=scope,
            salt=job_id if asked.wishes.bypass else "",
        ),
        work_px=width * height,
        source_type=photo.content_type,
        span_s=asked.wishes.span_s,
        input_name=new_input_name(),
        metadata=parameters.metadata,
        bypass=asked.wishes.bypass,
        only_if_cached=asked.wishes.only_if_cached,
        idempotency_key=asked.wishes.idempotency_key,
        fingerprint=fingerprint(asked.upload.sha256, asked.style.name, params, asked.wishes.span_s),
    )


def fingerprint(image_sha256: str, style: str, params: Params, span_s: float) -> str:
    """Digest of what must not differ under one idempotency key: photo, parameters and deadline.

    Priority and metadata are labels: a client that sends the same photo again may differ in them.
    The style's version is not the client's doing.
    """
    text = json.dumps([image_sha256, style, params.as_dict(), span_s], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _bring_in(submission: Submission, asked: _Request, parts: Parts) -> str:
    """Answer a submission from what is there, or store its photo and put it in line."""
    log.job_id.set(submission.job_id)
    submissions = parts.store.submissions
    answer = submissions.admit(submission)
    if answer.outcome is Outcome.NEED_INPUT:
        # Should this or the next step fail, the name is doomed and the keeper sweeps the object.
        parts.objects.put(
            submission.input_name, asked.upload.file, content_type=asked.photo.content_type
        )
        answer = submissions.enqueue(submission)
    _hint(submission, answer, parts)
    return answer.job_id


def _hint(submission: Submission, answer: Answer, parts: Parts) -> None:
    """Tell the workers, when there is something new for them."""
    if answer.outcome is not Outcome.QUEUED:
        return
    key = submission.identity.key(submission.line)
    parts.hints.publish(submission.line, key)
