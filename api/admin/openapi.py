"""OpenAPI operations of `/v1/admin`."""

from http import HTTPStatus

from api.admin.dead_letter_schemas import (
    DeadLetterPageBody,
    DeadLetterParameters,
    PurgedBody,
    PurgeParameters,
    RetriedBody,
)
from api.admin.overview_schemas import OverviewBody
from api.openapi.errors import ADMISSION
from api.openapi.operation import Content, Operation, Response, Tag
from common.callers import Scope

_PURGED = Response(HTTPStatus.OK, "How many went.", (Content(model=PurgedBody),))
_RETRIED = (Content(model=RetriedBody),)

OPERATIONS: dict[str, Operation] = {
    "admin.overview": Operation(
        id="get_overview",
        tag=Tag.ADMIN,
        summary="Look at the whole service",
        description="Lines and who waits in them, workers and how busy they are, and the last hour "
        "minute by minute.",
        responses=(Response(HTTPStatus.OK, "The service.", (Content(model=OverviewBody),)),),
        scope=Scope.ADMIN,
    ),
    "admin.list_dead": Operation(
        id="list_dead_letters",
        tag=Tag.ADMIN,
        summary="List dead letters",
        description="Jobs of all callers that failed for good for reasons that are not the "
        "picture's, newest first.",
        responses=(Response(HTTPStatus.OK, "A page.", (Content(model=DeadLetterPageBody),)),),
        scope=Scope.ADMIN,
        query=DeadLetterParameters,
    ),
    "admin.retry_dead": Operation(
        id="retry_dead_letter",
        tag=Tag.ADMIN,
        summary="Retry a dead job",
        description="It stays its caller's, and counts against that one's share.",
        responses=(
            Response(HTTPStatus.CREATED, "Its next run has ended already.", _RETRIED),
            Response(HTTPStatus.ACCEPTED, "Its next run has begun.", _RETRIED),
        ),
        problems=("not_found", "not_retryable", "storage_unavailable", *ADMISSION),
        scope=Scope.ADMIN,
    ),
    "admin.purge_one": Operation(
        id="purge_dead_letter",
        tag=Tag.ADMIN,
        summary="Purge a dead letter",
        description="The letter goes, the job stays.",
        responses=(_PURGED,),
        problems=("not_found",),
        scope=Scope.ADMIN,
    ),
    "admin.purge": Operation(
        id="purge_dead_letters",
        tag=Tag.ADMIN,
        summary="Purge dead letters",
        description="All of them, or the old ones.",
        responses=(_PURGED,),
        scope=Scope.ADMIN,
        query=PurgeParameters,
    ),
}
