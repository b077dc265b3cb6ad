"""Batch responses: a batch as an HTTP response, with the headers for what to do next."""

import time
from functools import partial
from http import HTTPStatus

from flask import Response, request

from api.batches.schemas import BatchBody
from api.context.context import current_caller, current_context, current_links
from api.http.conditional import etag_of, only_if_changed, retry_after_eta_s, state_response
from api.http.connection import is_stopping
from api.http.request_options import parse_wait_s
from common.errors import NotFound
from common.jobstore.batches import Batch, BatchStatus
from common.schemas.links import Links


def submitted(batch_id: str) -> Response:
    """Return the response to a submission: 202 while its batch runs, 201 when it has ended."""
    batch, waited = _load_batch(batch_id)
    is_open = batch.status is BatchStatus.RUNNING
    status = HTTPStatus.ACCEPTED if is_open else HTTPStatus.CREATED
    response = batch_response(batch, waited=waited, status=status)
    response.headers["Location"] = current_links().batch(batch.id)
    return response


def polled(batch_id: str) -> Response:
    """Return the response to a poll: 200 with the batch, or 304 if nothing has changed."""
    batch, waited = _load_batch(batch_id)
    return only_if_changed(batch_response(batch, waited=waited))


def batch_response(
    batch: Batch, *, waited: int | None = None, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Build the response that shows a batch.

    Args:
        batch: The batch.
        waited: The applied `wait` preference, seconds.
        status: HTTP status.
    """
    links = current_links()
    body = BatchBody.of(batch, links)
    pause_s = retry_after_eta_s(batch.eta_s) if batch.status is BatchStatus.RUNNING else None
    etag = _etag(body, batch, links)
    text = body.model_dump_json()
    return state_response(text, etag=etag, retry_after_s=pause_s, waited=waited, status=status)


def _load_batch(batch_id: str) -> tuple[Batch, int | None]:
    """Load a batch of the caller, after waiting for its end if the request prefers that.

    Waits for the last open job, which usually ends last, and then for those still open.

    Returns:
        The batch, and the applied `wait` preference, seconds.

    Raises:
        NotFound: There is no such batch of this caller.
    """
    context, caller, wait_s = current_context(), current_caller(), parse_wait_s(request.headers)
    batch = context.store.batches.view(batch_id, caller.name)
    if wait_s is None:
        return batch, None
    deadline_s = time.monotonic() + wait_s
    while batch.last_open is not None and (left_s := deadline_s - time.monotonic()) > 0:
        is_over = _wait_for(batch.last_open, left_s)
        if is_over is None:
            return batch, None  # too many threads wait already
        batch = context.store.batches.view(batch_id, caller.name)
        if not is_over:
            break
    return batch, wait_s


def _wait_for(job_id: str, wait_s: float) -> bool | None:
    """Wait for a job; return whether it has ended, or None if too many threads wait already."""
    context, caller = current_context(), current_caller()

    load = partial(context.store.jobs.view, job_id, caller.name)

    try:
        job = context.long_poll.wait_until_ended(job_id, wait_s, load, is_stopping=is_stopping())
    except NotFound:  # deleted meanwhile
        return True
    return None if job is None else job.status.is_terminal


def _etag(body: BatchBody, batch: Batch, links: Links) -> str:
    """Identify a batch's present state; as for a job, a new signed link is no change."""
    text = body.model_dump_json(
        exclude={"urls": {"archive": True, "archive_expires_at": True}, "eta_seconds": True}
    )
    if body.urls.archive is not None:
        text += f"{batch.now_ms // (500 * links.url_ttl_s)}"
    return etag_of(text)
