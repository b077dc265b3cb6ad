"""Job answers: a job as an HTTP response, with the headers that tell a client what to do next."""

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from flask import Response, request

from api.context.context import current_caller, current_context, current_links
from api.http.conditional import etag_of, only_if_changed, present_state, retry_after_eta_s
from api.http.connection import is_stopping
from api.http.request_options import parse_wait_s
from api.http.response_cache import CachedResponse, Question
from api.submissions.result_check import with_present_picture
from common.jobs import CacheStatus, Job, JobStatus
from common.schemas.job import JobBody
from common.schemas.links import Links

RETRY_AFTER_RUNNING_S = 1
# What an answer is made of, beside the record that its tag names: other releases have other fields.
_FORM = hashlib.sha256(json.dumps(JobBody.model_json_schema()).encode()).hexdigest()[:8]


def submitted(job_id: str) -> Response:
    """Answer a submission: 202 while its job is open, 201 when it has ended."""
    job, waited = see(job_id)
    status = HTTPStatus.CREATED if job.status.is_terminal else HTTPStatus.ACCEPTED
    response = job_response(job, waited=waited, status=status)
    response.headers["Location"] = current_links().job(job.id)
    response.headers["Cache-Status"] = cache_status(job)
    return response


def polled(job_id: str) -> Response:
    """Answer a poll: 200 with the job, or 304 when nothing has changed."""
    here, links = current_context(), current_links()
    question = Question(job_id, current_caller().name, links.base_url)
    kept = here.response_cache.find(question)
    if (
        kept is not None
        and "Prefer" not in request.headers  # a wait that was granted must be told of
        and here.store.jobs.is_still(job_id, kept.mark)
    ):
        return only_if_changed(present_state(kept.text, etag=kept.etag))
    job, waited = see(job_id)
    shown = Shown.of(job, links)
    if job.mark is not None:
        answer = CachedResponse(job.mark, shown.etag, shown.text)
        here.response_cache.keep(question, answer, links_live_s=shown.links_live_s)
    return only_if_changed(_response(job, shown, waited=waited))


def see(job_id: str) -> tuple[Job, int | None]:
    """Look at a job of the caller's, after waiting for its end if the request prefers that.

    Returns:
        The job, and the preference that was applied, in seconds.

    Raises:
        NotFound: There is no such job of this caller.
    """
    here, caller = current_context(), current_caller()
    wait_s = parse_wait_s(request.headers) if "Prefer" in request.headers else None

    look = partial(here.store.jobs.view, job_id, caller.name)

    job = look()
    if job.output is not None:
        job = with_present_picture(job, look, here)
    if wait_s is None or job.status.is_terminal:
        return job, wait_s
    seen = here.long_poll.until_ended(job_id, wait_s, look, is_stopping=is_stopping())
    return (job, None) if seen is None else (seen, wait_s)


def job_response(
    job: Job, *, waited: int | None = None, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Show a job.

    Args:
        job: The job.
        waited: The wait that the answer was held back for at most, seconds.
        status: HTTP status.
    """
    return _response(job, Shown.of(job, current_links()), waited=waited, status=status)


def _response(
    job: Job, shown: "Shown", *, waited: int | None, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    again_s = None if job.status.is_terminal else retry_after_s(job)
    return present_state(
        shown.text, etag=shown.etag, retry_after_s=again_s, waited=waited, status=status
    )


def retry_after_s(job: Job) -> int:
    """Say when looking again makes sense, from what is known of the line; 1 to 10 seconds."""
    if job.status is JobStatus.RUNNING:
        return RETRY_AFTER_RUNNING_S
    return retry_after_eta_s(job.eta_s)


def cache_status(job: Job) -> str:
    """Say how the result cache met a submission (RFC 9211)."""
    match job.cache:
        case CacheStatus.HIT:
            return "celshade; hit"
        case CacheStatus.JOINED:
            return "celshade; fwd=miss; collapsed"
        case CacheStatus.BYPASS:
            return "celshade; fwd=request"
        case CacheStatus.MISS:
            stored = "" if job.status is JobStatus.FAILED else "; stored"
            return f"celshade; fwd=miss{stored}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A job as it is shown.

    Attributes:
        text: As JSON.
        etag: Names its present state.
        links_live_s: Seconds until a link in it expires.
    """

    text: str
    etag: str
    links_live_s: float

    @classmethod
    def of(cls, job: Job, links: Links) -> "Shown":
        """Show a job.

        A link is signed anew each time, which is no change; but nobody may be left with one that
        has expired, so the tag changes twice in a link's life.
        """
        body = JobBody.of(job, links)
        text = body.model_dump_json()
        if job.mark is None:
            return cls(text, etag_of(text), float(links.url_ttl_s))
        until = body.output.url_expires_at if body.output is not None else None
        named = f"{_FORM} {job.mark} {links.base_url}"
        if until is None:
            return cls(text, etag_of(named), float(links.url_ttl_s))
        half_lives = job.now_ms // (500 * links.url_ttl_s)
        return cls(text, etag_of(f"{named} {half_lives}"), until.timestamp() - job.now_ms / 1000)
