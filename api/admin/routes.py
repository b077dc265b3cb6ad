"""`/v1/admin`: what operators see and do, across the jobs of all callers."""

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
from common.callers import Scope

v1 = Blueprint("admin", __name__, url_prefix="/v1/admin")


@v1.before_request
def _require_admin() -> None:
    require_caller(Scope.ADMIN)


@v1.get("/overview")
def overview() -> Response:
    """Return lines and their waiting callers, workers, and the last hour."""
    store = current_context().store
    seen, waiting = store.overviews.overview(), store.overviews.waiting_callers()
    return json_response(OverviewBody.of(seen, waiting, store.hourly_stats.last_hour()))


@v1.get("/dead")
def list_dead() -> Response:
    """List the dead letters of all callers, newest first."""
    query = DeadLetterParameters.parse(unique_query())
    page = current_context().store.dead_letters.page(cursor=query.cursor, limit=query.limit)
    return json_response(DeadLetterPageBody.of(page))


@v1.post("/dead/<job_id>/retry")
def retry_dead(job_id: str) -> Response:
    """Start the next run of a dead job, under its caller's name, weight and limits."""
    context = current_context()
    owner = context.store.dead_letters.caller_of(checked_job_id(job_id))
    context.submitter.resubmit(job_id, context.authenticator.named(owner))
    job = context.store.jobs.view(job_id, owner)
    status = HTTPStatus.CREATED if job.status.is_terminal else HTTPStatus.ACCEPTED
    return json_response(RetriedBody.of(job), status)


@v1.delete("/dead/<job_id>")
def purge_one(job_id: str) -> Response:
    """Remove one letter from the list; its job stays."""
    current_context().store.dead_letters.purge_one(checked_job_id(job_id))
    return json_response(PurgedBody(purged=1))


@v1.delete("/dead")
def purge() -> Response:
    """Remove all letters from the list, or the old ones; their jobs stay."""
    query = PurgeParameters.parse(unique_query())
    letters = current_context().store.dead_letters
    return json_response(PurgedBody(purged=letters.purge(older_than_s=query.older_than_seconds)))
