"""`/v1/jobs`: submit, poll, list, cancel, retry, delete."""

from flask import Blueprint, Response, request

from api.context.context import current_caller, current_context, current_links, require_jobs_caller
from api.http.ids import checked_job_id
from api.http.json_response import json_response
from api.http.request_options import unique_query
from api.jobs import responses
from api.jobs.schemas import DeletionBody, JobPageBody, ListParameters
from api.jobs.submit import submit

v1 = Blueprint("jobs", __name__, url_prefix="/v1/jobs")
v1.before_request(require_jobs_caller)


@v1.post("")
def submit_photo() -> Response:
    """Submit a photo."""
    return responses.submitted(submit(request, current_caller(), current_context()))


@v1.get("")
def list_jobs() -> Response:
    """List the caller's own jobs, newest first."""
    query = ListParameters.parse(unique_query())
    page = current_context().store.jobs.page(
        current_caller().name, status=query.status, cursor=query.cursor, limit=query.limit
    )
    body = JobPageBody.of(page, current_links())
    return json_response(body)


@v1.get("/<job_id>")
def show_job(job_id: str) -> Response:
    """Show a job."""
    return responses.polled(checked_job_id(job_id))


@v1.post("/<job_id>/cancel")
def cancel_job(job_id: str) -> Response:
    """Cancel a job; one that has ended stays as it is."""
    jobs, caller = current_context().store.jobs, current_caller().name
    jobs.cancel(checked_job_id(job_id), caller)
    return responses.job_response(jobs.view(job_id, caller))


@v1.post("/<job_id>/retry")
def retry_job(job_id: str) -> Response:
    """Start the next run of a job that ended without a picture."""
    current_context().submitter.resubmit(checked_job_id(job_id), current_caller())
    return responses.submitted(job_id)


@v1.delete("/<job_id>")
def delete_job(job_id: str) -> Response:
    """Delete a job and what only it references."""
    deletion = current_context().store.jobs.delete(checked_job_id(job_id), current_caller().name)
    return json_response(DeletionBody.of(deletion))
