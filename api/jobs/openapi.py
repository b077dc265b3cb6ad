"""OpenAPI operations of `/v1/jobs`, pictures included."""

from http import HTTPStatus

from api.jobs.examples import EXAMPLES
from api.jobs.schemas import DeletionBody, JobPageBody, ListParameters
from api.openapi.errors import ADMISSION, BODY, PHOTO, SUBMISSION
from api.openapi.models import SCHEMA_PREFIX
from api.openapi.operation import JSON, Content, Operation, RequestBody, Response, Tag
from api.submissions.openapi import FORM, IMAGE_ID_PARAMETER, NAMED, RAW
from api.submissions.parameters import Parameters
from common.schemas.job import JobBody

_STATE = ("ETag", "RetryAfterWhileOpen", "PreferenceApplied")
_ENDED = Content(model=JobBody, examples={"succeeded-job": EXAMPLES["succeeded-job"]})
_OPEN = Content(model=JobBody, examples={"queued-job": EXAMPLES["queued-job"]})
_NEXT = dict.fromkeys(
    ("get_job", "watch_job", "get_result", "get_source", "cancel_job", "retry_job", "delete_job"),
    ("job_id", "id"),
)
_SUBMITTED = (
    Response(
        HTTPStatus.CREATED,
        "The job has ended already: its picture was in the cache, or was waited for.",
        (_ENDED,),
        ("Location", "CacheStatus", "ETag", "PreferenceApplied"),
        _NEXT,
    ),
    Response(
        HTTPStatus.ACCEPTED,
        "The job is open: look at it again after `Retry-After` seconds.",
        (_OPEN,),
        ("Location", "CacheStatus", "ETag", "RetryAfter", "PreferenceApplied"),
        _NEXT,
    ),
)
_UNCHANGED = Response(HTTPStatus.NOT_MODIFIED, "Nothing has changed.", (), ("ETag",))
_SHOWN = Response(HTTPStatus.OK, "The job.", (_ENDED,), _STATE)

# One event of a stream, as OpenAPI 3.2 describes them; 3.1 has no other place for it.
_EVENT = {
    "type": "object",
    "required": ["id", "data"],
    "properties": {
        "id": {"type": "string", "description": "Names this state."},
        "data": {
            "type": "string",
            "contentMediaType": JSON,
            "contentSchema": {"$ref": f"{SCHEMA_PREFIX}Job"},
        },
    },
}

OPERATIONS: dict[str, Operation] = {
    "jobs.submit_photo": Operation(
        id="submit_job",
        tag=Tag.JOBS,
        summary="Submit a photo",
        description="The photo is a file of a form with the parameters beside it, or the body "
        "itself with the parameters in the query, or one that is kept already (`image_id`) or lies "
        "elsewhere (`image_url`, where the service fetches photos). The "
        "same photo with the same parameters is answered from the cache.",
        responses=_SUBMITTED,
        problems=(*BODY, *PHOTO, *SUBMISSION, *ADMISSION, "not_found"),
        query=Parameters,
        more_query=(IMAGE_ID_PARAMETER,),
        headers=("Idempotency-Key", "Prefer", "Cancel-After", "Cache-Control"),
        body=RequestBody((FORM, *RAW, NAMED), is_required=False),
    ),
    "jobs.list_jobs": Operation(
        id="list_jobs",
        tag=Tag.JOBS,
        summary="List your jobs",
        description="Newest first.",
        responses=(Response(HTTPStatus.OK, "A page of jobs.", (Content(model=JobPageBody),)),),
        query=ListParameters,
    ),
    "jobs.show_job": Operation(
        id="get_job",
        tag=Tag.JOBS,
        summary="Look at a job",
        description="A failed job is no error: its `error` says why.",
        responses=(_SHOWN, _UNCHANGED),
        problems=("not_found",),
        headers=("Prefer", "If-None-Match"),
    ),
    "events.watch_job": Operation(
        id="watch_job",
        tag=Tag.JOBS,
        summary="Watch a job",
        description="Server-sent events: each `data` is the whole job, as `get_job` shows it, and "
        "comes only when something has changed. A comment comes every 15 s while nothing has. The "
        "stream ends after the job's end. `Last-Event-ID` is passed over: the first event is the "
        "present state. Few jobs may be watched at once: poll where 503 comes.",
        responses=(
            Response(
                HTTPStatus.OK,
                "The stream.",
                (Content("text/event-stream", schema=_EVENT),),
            ),
        ),
        problems=("not_found", "queue_full"),
    ),
    "jobs.cancel_job": Operation(
        id="cancel_job",
        tag=Tag.JOBS,
        summary="Cancel a job",
        description="Nothing happens to one that has ended.",
        responses=(Response(HTTPStatus.OK, "The job as it is now.", (_ENDED,), _STATE[:2]),),
        problems=("not_found",),
    ),
    "jobs.retry_job": Operation(
        id="retry_job",
        tag=Tag.JOBS,
        summary="Retry a job",
        description="Begins the next run of a job that failed, was canceled or expired, under the "
        "same id.",
        responses=_SUBMITTED,
        problems=("not_found", "not_retryable", "storage_unavailable", *ADMISSION),
        headers=("Prefer",),
    ),
    "jobs.delete_job": Operation(
        id="delete_job",
        tag=Tag.JOBS,
        summary="Delete a job",
        description="Cancels it if it is open, and takes away what only it holds.",
        responses=(Response(HTTPStatus.OK, "What went.", (Content(model=DeletionBody),)),),
        problems=("not_found",),
    ),
    "pictures.result": Operation(
        id="get_result",
        tag=Tag.JOBS,
        summary="Fetch the picture",
        description="A stable link that leads to a signed, short-lived one.",
        responses=(Response(HTTPStatus.FOUND, "The picture is there.", (), ("Location",)),),
        problems=("not_found", "not_ready", "job_failed", "result_expired"),
    ),
    "pictures.source": Operation(
        id="get_source",
        tag=Tag.JOBS,
        summary="Fetch the photo",
        description="The photo that the job is made from, from the first moment on.",
        responses=(Response(HTTPStatus.FOUND, "The photo is there.", (), ("Location",)),),
        problems=("not_found", "result_expired"),
    ),
}
