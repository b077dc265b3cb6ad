"""`/v1/jobs`: submit, look, list, cancel, retry, delete."""

from flask import Blueprint, Response, request

from api import job_answer
from api.ids import checked_id
from api.parameters import ListParameters
from api.parts import current_caller, current_links, parts, require_jobs_caller
from api.schemas import DeletionBody, JobPageBody
from api.submission import resubmit, submit
from common import log
from common.errors import MalformedRequest

v1 = Blueprint("jobs", __name__, url_prefix="/v1/jobs")
v1.before_request(require_jobs_caller)


def checked_job_id(job_id: str) -> str:
    """Return what may be a job's id, and note it for the log.

    Raises:
        NotFound: It cannot be one; nobody needs to be asked.
    """
    log.job_id.set(checked_id(job_id, "job"))
    return job_id


@v1.post("")
def submit_photo() -> Response:
    """Take in a photo."""
    return job_answer.submitted(submit(request, current_caller(), parts()))


@v1.get("")
def list_jobs() -> Response:
    """List the caller's own jobs, newest first."""
    asked = ListParameters.parse(query_once())
    page = parts().store.ledger.page(
        current_caller().name, status=asked.status, cursor=asked.cursor, limit=asked.limit
    )
    body = JobPageBody.of(page, current_links())
    return Response(body.model_dump_json(), mimetype="application/json")


@v1.get("/<job_id>")
def show_job(job_id: str) -> Response:
    """Show a job."""
    return job_answer.polled(checked_job_id(job_id))


@v1.post("/<job_id>/cancel")
def cancel_job(job_id: str) -> Response:
    """End a job that nobody wants any more; one that has ended stays as it is."""
    ledger, caller = parts().store.ledger, current_caller().name
    ledger.cancel(checked_job_id(job_id), caller)
    return job_answer.job_response(ledger.view(job_id, caller))


@v1.post("/<job_id>/retry")
def retry_job(job_id: str) -> Response:
    """Begin the next run of a job that ended without a picture."""
    resubmit(checked_job_id(job_id), current_caller(), parts())
    return job_answer.submitted(job_id)


@v1.delete("/<job_id>")
def delete_job(job_id: str) -> Response:
    """Forget a job and what only it holds."""
    deletion = parts().store.ledger.delete(checked_job_id(job_id), current_caller().name)
    return Response(DeletionBody.of(deletion).model_dump_json(), mimetype="application/json")


def query_once() -> dict[str, str]:
    """The query's parameters, each of which may come once."""
    for values in request.args.to_dict(flat=False).values():
        if len(values) > 1:
            raise MalformedRequest("A parameter was sent twice; send each once.")
    return request.args.to_dict()
