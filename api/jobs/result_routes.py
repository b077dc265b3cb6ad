"""Stable links to a job's picture and photo; each redirects to a new signed link."""

from functools import partial
from http import HTTPStatus

from flask import Blueprint, Response

from api.context.context import current_caller, current_context, current_links, require_jobs_caller
from api.http.ids import checked_job_id
from common.errors import JobFailed, NotReady, ResultExpired
from common.jobs import Job, JobStatus
from common.schemas.links import SignedLink

v1 = Blueprint("pictures", __name__, url_prefix="/v1/jobs")
v1.before_request(require_jobs_caller)


@v1.get("/<job_id>/result")
def result(job_id: str) -> Response:
    """Redirect to a job's picture."""
    context, caller = current_context(), current_caller().name

    load = partial(context.store.jobs.view, job_id, caller)

    checked_job_id(job_id)
    job = context.result_check.checked(load(), load)
    if not job.status.is_terminal:
        raise NotReady(retry_after_s=1)
    if job.status is not JobStatus.SUCCEEDED:
        raise JobFailed(_why_no_picture(job))
    return _redirect(current_links().result(job))


@v1.get("/<job_id>/source")
def source(job_id: str) -> Response:
    """Redirect to a job's photo; the job need not have ended."""
    job = current_context().store.jobs.view(checked_job_id(job_id), current_caller().name)
    return _redirect(current_links().source(job))


def _why_no_picture(job: Job) -> str:
    if job.failure is not None:
        return f"The job ended without a picture ({job.failure.code}): {job.failure.message}"
    return f"The job was {job.status}; there is no picture."


def _redirect(link: SignedLink | None) -> Response:
    if link is None:
        raise ResultExpired
    return Response(status=HTTPStatus.FOUND, headers={"Location": link.url})
