"""OpenAPI operations of `/v1/batches`."""

from http import HTTPStatus

from api.batches.examples import EXAMPLES
from api.batches.schemas import BatchBody
from api.openapi.errors import ADMISSION, BODY, SUBMISSION
from api.openapi.operation import Content, Operation, RequestBody, Response, Tag
from api.submissions.openapi import BATCH_FORM
from api.submissions.parameters import Parameters

_BATCH = Content(model=BatchBody, examples=EXAMPLES)
_UNCHANGED = Response(HTTPStatus.NOT_MODIFIED, "Nothing has changed.", (), ("ETag",))

_NEXT = dict.fromkeys(("get_batch", "cancel_batch"), ("batch_id", "id"))

OPERATIONS: dict[str, Operation] = {
    "batches.submit_photos": Operation(
        id="submit_batch",
        tag=Tag.BATCHES,
        summary="Submit many photos",
        description="Each photo is a file of the form; the parameters, one set for all, stand "
        "before the first of them or in the query. Each becomes a job of its own; one that cannot "
        "be taken is an item with its error. An upload that breaks off leaves nothing running.",
        responses=(
            Response(
                HTTPStatus.CREATED,
                "The batch has ended already.",
                (_BATCH,),
                ("Location", "ETag", "PreferenceApplied"),
                _NEXT,
            ),
            Response(
                HTTPStatus.ACCEPTED,
                "The batch runs: look at it again after `Retry-After` seconds.",
                (_BATCH,),
                ("Location", "ETag", "RetryAfter", "PreferenceApplied"),
                _NEXT,
            ),
        ),
        problems=(*BODY, *SUBMISSION, *ADMISSION, "not_ready", "batch_closed"),
        query=Parameters,
        headers=("Idempotency-Key", "Prefer", "Cancel-After", "Cache-Control"),
        body=RequestBody((BATCH_FORM,)),
    ),
    "batches.show_batch": Operation(
        id="get_batch",
        tag=Tag.BATCHES,
        summary="Look at a batch",
        responses=(
            Response(
                HTTPStatus.OK,
                "The batch.",
                (_BATCH,),
                ("ETag", "RetryAfterWhileOpen", "PreferenceApplied"),
            ),
            _UNCHANGED,
        ),
        problems=("not_found",),
        headers=("Prefer", "If-None-Match"),
    ),
    "batches.cancel_batch": Operation(
        id="cancel_batch",
        tag=Tag.BATCHES,
        summary="Cancel a batch",
        description="What is open is canceled, what has ended stays.",
        responses=(
            Response(
                HTTPStatus.OK,
                "The batch as it is now.",
                (_BATCH,),
                ("ETag", "RetryAfterWhileOpen"),
            ),
        ),
        problems=("not_found",),
    ),
}
