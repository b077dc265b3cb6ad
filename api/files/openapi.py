"""OpenAPI operation of signed links; clients take them from responses, never build them."""

from http import HTTPStatus

from api.openapi.operation import SIGNED_QUERY, Content, Operation, Response, Tag

_ANY_IMAGE = (Content("image/*", schema={"type": "string", "format": "binary"}),)


OPERATIONS: dict[str, Operation] = {
    "files.signed_file": Operation(
        id="read_file",
        tag=Tag.FILES,
        summary="Read a picture or a photo",
        description="Where pictures lie in the service's own directory; an S3 storage has links "
        "of its own.",
        responses=(
            Response(HTTPStatus.OK, "The file.", _ANY_IMAGE, ("ETag", "ContentDisposition")),
            Response(
                HTTPStatus.PARTIAL_CONTENT,
                "The part that was asked for.",
                _ANY_IMAGE,
                ("ETag", "ContentDisposition", "ContentRange"),
            ),
            Response(HTTPStatus.NOT_MODIFIED, "Nothing has changed.", (), ("ETag",)),
        ),
        problems=("not_found", "result_expired", "range_not_satisfiable", "storage_unavailable"),
        more_query=SIGNED_QUERY,
        headers=("If-None-Match", "Range"),
        scope=None,
        asks_job_store=False,
    ),
}
