"""Job responses: a job as an HTTP response, with the headers for what to do next."""

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from flask import Response, request

from api.context.context import current_caller, current_context, current_links
from api.http.conditional import etag_of, only_if_changed, retry_after_eta_s, state_response
from api.http.connection import is_stopping
from api.http.request_options import parse_wait_s
from api.http.response_cache import CachedResponse, CacheKey
from common.jobs import CacheStatus, Job, JobStatus
from common.schemas.job import JobBody
from common.schemas.links import Links

RETRY_AFTER_RUNNING_S = 1
# Part of every entity tag, as the record is: another release may have other fields.
_SCHEMA_MARK = hashlib.sha256(json.dumps(JobBody.model_json_schema()).encode()).hexdigest()[:8]


def submitted(job_id: str) -> Response:
    """Return the response to a submission: 202 while its job is open, 201 when it has ended."""
    job, waited = load_job(job_id)
    status = HTTPStatus.CREATED if job.status.is_terminal else HTTPStatus.ACCEPTED
    response = job_response(job, waited=waited, status=status)
    response.headers["Location"] = current_links().job(job.id)
    response.headers["Cache-Status"] = cache_status(job)
    return response


def polled(job_id: str) -> Response:
    """Return the response to a poll: 200 with the job, or 304 if nothing has changed."""
    context, links = current_context(), current_links()
    key = CacheKey(job_id, current_caller().name, links.base_url)
    cached = context.response_cache.get(key)
    if (
        cached is not None
        and "Prefer" not in request.headers  # an applied wait must be reported
        and context.store.jobs.is_still(job_id, cached.mark)
    ):
        return only_if_changed(state_response(cached.text, etag=cached.etag))
    job, waited = load_job(job_id)
    rendered = RenderedJob.of(job, links)
    if job.mark is not None:
        response = CachedResponse(job.mark, rendered.etag, rendered.text)
        context.response_cache.put(key, response, links_live_s=rendered.links_live_s)
    return only_if_changed(_response(job, rendered, waited=waited))


def load_job(job_id: str) -> tuple[Job, int | None]:
    """Load a job of the caller, after waiting for its end if the request prefers that.

    Returns:
        The job, and the applied `wait` preference, seconds.

    Raises:
        NotFound: There is no such job of this caller.
    """
    context, caller = current_context(), current_caller()
    wait_s = parse_wait_s(request.headers) if "Prefer" in request.headers else None

    load = partial(context.store.jobs.view, job_id, caller.name)

    job = load()
    if job.output is not None:
        job = context.result_check.checked(job, load)
    if wait_s is None or job.status.is_terminal:
        return job, wait_s
    latest = context.long_poll.wait_until_ended(job_id, wait_s, load, is_stopping=is_stopping())
    return (job, None) if latest is None else (latest, wait_s)


def job_response(
    job: Job, *, waited: int | None = None, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Build the response that shows a job.

    Args:
        job: The job.
        waited: The applied `wait` preference, seconds.
        status: HTTP status.
    """
    return _response(job, RenderedJob.of(job, current_links()), waited=waited, status=status)


def _response(
    job: Job, rendered: "RenderedJob", *, waited: int | None, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    pause_s = None if job.status.is_terminal else retry_after_s(job)
    return state_response(
        rendered.text, etag=rendered.etag, retry_after_s=pause_s, waited=waited, status=status
    )


def retry_after_s(job: Job) -> int:
    """Return the pause before the next poll of an open job; 1 to 10 seconds."""
    if job.status is JobStatus.RUNNING:
        return RETRY_AFTER_RUNNING_S
    return retry_after_eta_s(job.eta_s)


def cache_status(job: Job) -> str:
    """Return the `Cache-Status` of a submission (RFC 9211)."""
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
class RenderedJob:
    """A job as a response body.

    Attributes:
        text: The job, JSON.
        etag: Identifies its state.
        links_live_s: Seconds until the first link in it expires.
    """

    text: str
    etag: str
    links_live_s: float

    @classmethod
    def of(cls, job: Job, links: Links) -> "RenderedJob":
        """Render a job.

        Links are signed again each time, which is no change. But no client may be left with an
        expired link, so the tag changes twice in a link's life.
        """
        body = JobBody.of(job, links)
        text = body.model_dump_json()
        if job.mark is None:
            return cls(text, etag_of(text), float(links.url_ttl_s))
        link_expires = body.output.url_expires_at if body.output is not None else None
        state = f"{_SCHEMA_MARK} {job.mark} {links.base_url}"
        if link_expires is None:
            return cls(text, etag_of(state), float(links.url_ttl_s))
        half_lives = job.now_ms // (500 * links.url_ttl_s)
        return cls(
            text, etag_of(f"{state} {half_lives}"), link_expires.timestamp() - job.now_ms / 1000
        )
