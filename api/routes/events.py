"""`/v1/jobs/{id}/events`: a job that is watched, for who does not want to poll."""

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, request

from api.event_stream import MEDIA_TYPE, Snapshot, events
from api.intake.client_socket import ClientSocket
from api.job_answer import Shown
from api.output_check import with_present_picture
from api.parts import current_caller, current_links, parts, require_jobs_caller
from api.routes.jobs import checked_job_id
from api.wsgi import STOPPING
from common.answers.links import Links
from common.errors import NotFound, ServiceBusy, StoreUnavailable, Unauthorized
from common.jobs import Job

v1 = Blueprint("events", __name__, url_prefix="/v1/jobs")
v1.before_request(require_jobs_caller)

BUSY_RETRY_AFTER_S = 5


@v1.get("/<job_id>/events")
def watch_job(job_id: str) -> Response:
    """Stream what becomes of a job, until it has ended."""
    waiting, look = parts().waiting, _looking(checked_job_id(job_id))
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
    here, caller, shown = parts(), current_caller(), request.headers.get("Authorization")

    def view() -> Job:
        return here.store.ledger.view(job_id, caller.name)

    def look() -> Job:
        here.callers.identify(shown)  # a key that is revoked meanwhile sees no more
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
    is_stopping: Callable[[], bool] = request.environ.get(STOPPING, lambda: False)
    connection = request.environ.get("gunicorn.socket")

    def is_over() -> bool:
        return is_stopping() or (isinstance(connection, ClientSocket) and connection.has_left())

    return is_over
