"""`/v1/admin`: what those who look after the service see and do, whoever's the jobs are."""

from http import HTTPStatus

from flask import Blueprint, Response

from api.admin.dead_letter_schemas import (
    DeadLetterPageBody,
    DeadLetterParameters,
    PurgedBody,
    PurgeParameters,
    RetriedBody,
)
from api.admin.overview_schemas import OverviewBody
from api.context.context import current_context, require_caller
from api.http.ids import checked_job_id
from api.http.json_response import json_response
from api.http.request_options import unique_query
from api.submissions.submission import resubmit
from common.callers import Scope

v1 = Blueprint("admin", __name__, url_prefix="/v1/admin")


@v1.before_request
def _require_admin() -> None:
    require_caller(Scope.ADMIN)


@v1.get("/overview")
def overview() -> Response:
    """Tell of lines and who waits in them, of workers, and of the last hour."""
    store = current_context().store
    seen, who = store.overviews.overview(), store.overviews.waiting_callers()
    return json_response(OverviewBody.of(seen, who, store.hourly_stats.last_hour()))


@v1.get("/dead")
def list_dead() -> Response:
    """List the dead letters of all callers, newest first."""
    asked = DeadLetterParameters.parse(unique_query())
    page = current_context().store.dead_letters.page(cursor=asked.cursor, limit=asked.limit)
    return json_response(DeadLetterPageBody.of(page))


@v1.post("/dead/<job_id>/retry")
def retry_dead(job_id: str) -> Response:
    """Begin the next run of a dead job; it stays its caller's, with that one's weight and caps."""
    here = current_context()
    owner = here.store.dead_letters.caller_of(checked_job_id(job_id))
    resubmit(job_id, here.authenticator.named(owner), here)
    job = here.store.jobs.view(job_id, owner)
    status = HTTPStatus.CREATED if job.status.is_terminal else HTTPStatus.ACCEPTED
    return json_response(RetriedBody.of(job), status)


@v1.delete("/dead/<job_id>")
def purge_one(job_id: str) -> Response:
    """Take one letter out of the list; its job stays."""
    current_context().store.dead_letters.purge_one(checked_job_id(job_id))
    return json_response(PurgedBody(purged=1))


@v1.delete("/dead")
def purge() -> Response:
    """Take all letters out of the list, or the old ones; their jobs stay."""
    asked = PurgeParameters.parse(unique_query())
    letters = current_context().store.dead_letters
    return json_response(PurgedBody(purged=letters.purge(older_than_s=asked.older_than_seconds)))
