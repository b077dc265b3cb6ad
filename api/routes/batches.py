"""`/v1/batches`: many photos by one request, looked at and canceled as one."""

from flask import Blueprint, Response, request

from api import batch_answer
from api.batch_submission import submit_batch
from api.ids import checked_id
from api.parts import current_caller, parts, require_jobs_caller

v1 = Blueprint("batches", __name__, url_prefix="/v1/batches")
v1.before_request(require_jobs_caller)


@v1.post("")
def submit_photos() -> Response:
    """Take in photos."""
    return batch_answer.submitted(submit_batch(request, current_caller(), parts()))


@v1.get("/<batch_id>")
def show_batch(batch_id: str) -> Response:
    """Show a batch."""
    return batch_answer.polled(checked_id(batch_id, "batch"))


@v1.post("/<batch_id>/cancel")
def cancel_batch(batch_id: str) -> Response:
    """End all that is open in a batch; one that has ended stays as it is."""
    batches, caller = parts().store.batches, current_caller().name
    batches.cancel(checked_id(batch_id, "batch"), caller)
    return batch_answer.batch_response(batches.view(batch_id, caller))
