"""`/v1/jobs/{id}/events`: a job that is watched, for who does not want to poll."""

from collections.abc import Callable, Iterator
from functools import partial

from flask import Blueprint, Response, request

from api.context.context import current_caller, current_context, current_links, require_jobs_caller
from api.http.connection import has_client_left, is_stopping
from api.http.ids import checked_job_id
from api.jobs.event_stream import MEDIA_TYPE, Snapshot, events
from api.jobs.responses import Shown
from api.submissions.result_check import with_present_picture
from common.errors import NotFound, ServiceBusy, StoreUnavailable, Unauthorized
from common.jobs import Job
from common.schemas.links import Links

v1 = Blueprint("events", __name__, url_prefix="/v1/jobs")
v1.before_request(require_jobs_caller)

BUSY_RETRY_AFTER_S = 5


@v1.get("/<job_id>/events")
def watch_job(job_id: str) -> Response:
    """Stream what becomes of a job, until it has ended."""
    waiting, look = current_context().long_poll, _looking(checked_job_id(job_id))
    look()  # whoever may not see it is told so in the usual way
    if not waiting.begin_watching():
        raise ServiceBusy("Too many jobs are being watched.", retry_after_s=BUSY_RETRY_AFTER_S)
    try:
        seen = waiting.watch(job_id, look, is_over=_is_over())
        stream = events(_snapshots(seen, current_links()))
        response = Response(stream, content_type=f"{MEDIA_TYPE}; charset=utf-8")
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back
    except BaseException:
        waiting.end_watching()
        raise
    response.call_on_close(waiting.end_watching)
    return response


def _looking(job_id: str) -> Callable[[], Job]:
    """Return what looks at the job for as long as its watcher may; needs no request any more."""
    here, caller, shown = current_context(), current_caller(), request.headers.get("Authorization")

    view = partial(here.store.jobs.view, job_id, caller.name)

    def look() -> Job:
        here.authenticator.identify(shown)  # a key that is revoked meanwhile sees no more
        return with_present_picture(view(), view, here)

    return look


def _snapshots(seen: Iterator[Job], links: Links) -> Iterator[Snapshot]:
    """Yield what is shown at each look, until it is no longer there or may not be seen."""
    try:
        for job in seen:
            shown = Shown.of(job, links)
            yield Snapshot(shown.etag, shown.text)
    except (NotFound, Unauthorized, StoreUnavailable):
        return  # who comes back is told why


def _is_over() -> Callable[[], bool]:
    """Return what says whether the client has gone or this process is stopping."""
    stopping, left = is_stopping(), has_client_left()
    return lambda: stopping() or left()
