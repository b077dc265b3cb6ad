"""`/v1/jobs/{id}/events`: server-sent events of a job, in place of polling."""

from collections.abc import Callable, Iterator
from functools import partial

from flask import Blueprint, Response, request

from api.context.context import current_caller, current_context, current_links, require_jobs_caller
from api.http.connection import has_client_left, is_stopping
from api.http.ids import checked_job_id
from api.jobs.event_stream import MEDIA_TYPE, Snapshot, events
from api.jobs.responses import RenderedJob
from common.errors import NotFound, ServiceBusy, StoreUnavailable, Unauthorized
from common.jobs import Job
from common.schemas.links import Links

v1 = Blueprint("events", __name__, url_prefix="/v1/jobs")
v1.before_request(require_jobs_caller)

BUSY_RETRY_AFTER_S = 5


@v1.get("/<job_id>/events")
def watch_job(job_id: str) -> Response:
    """Stream the states of a job until it has ended."""
    long_poll, load = current_context().long_poll, _loader(checked_job_id(job_id))
    load()  # raises before the stream starts if the caller may not see the job
    if not long_poll.acquire_watch_slot():
        raise ServiceBusy("Too many jobs are being watched.", retry_after_s=BUSY_RETRY_AFTER_S)
    try:
        jobs = long_poll.watch(job_id, load, is_over=_is_over())
        stream = events(_snapshots(jobs, current_links()))
        response = Response(stream, content_type=f"{MEDIA_TYPE}; charset=utf-8")
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["X-Accel-Buffering"] = "no"  # otherwise nginx buffers events
    except BaseException:
        long_poll.release_watch_slot()
        raise
    response.call_on_close(long_poll.release_watch_slot)
    return response


def _loader(job_id: str) -> Callable[[], Job]:
    """Return a function that loads the job while its caller may see it, even after the request."""
    context, caller = current_context(), current_caller()
    authorization = request.headers.get("Authorization")
    view_job = partial(context.store.jobs.view, job_id, caller.name)

    def load() -> Job:
        context.authenticator.identify(authorization)  # the key may be revoked meanwhile
        return context.result_check.checked(view_job(), view_job)

    return load


def _snapshots(jobs: Iterator[Job], links: Links) -> Iterator[Snapshot]:
    """Yield a snapshot of each state, until the job is gone or may not be seen."""
    try:
        for job in jobs:
            rendered = RenderedJob.of(job, links)
            yield Snapshot(rendered.etag, rendered.text)
    except (NotFound, Unauthorized, StoreUnavailable):
        return  # the next request reports why


def _is_over() -> Callable[[], bool]:
    """Return a check for whether the client has left or this process is stopping."""
    stopping, left = is_stopping(), has_client_left()
    return lambda: stopping() or left()
