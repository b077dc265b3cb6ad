"""`/v1/batches`: many photos in one request, polled and canceled as one."""

from flask import Blueprint, Response, request

from api.batches import responses
from api.batches.submit import submit_batch
from api.context.context import current_caller, current_context, require_jobs_caller
from api.http.ids import checked_id

v1 = Blueprint("batches", __name__, url_prefix="/v1/batches")
v1.before_request(require_jobs_caller)


@v1.post("")
def submit_photos() -> Response:
    """Submit photos."""
    return responses.submitted(submit_batch(request, current_caller(), current_context()))


@v1.get("/<batch_id>")
def show_batch(batch_id: str) -> Response:
    """Show a batch."""
    return responses.polled(checked_id(batch_id, "batch"))


@v1.post("/<batch_id>/cancel")
def cancel_batch(batch_id: str) -> Response:
    """Cancel the open jobs of a batch; one that has ended stays as it is."""
    batches, caller = current_context().store.batches, current_caller().name
    batches.cancel(checked_id(batch_id, "batch"), caller)
    return responses.batch_response(batches.view(batch_id, caller))
