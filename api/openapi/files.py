"""What is said of signed links: answers of the service hold them, and nobody makes them up."""

from http import HTTPStatus
from typing import Any

from api.openapi.operation import Answer, Content, Operation, Tag

_TEXT = {"type": "string"}
_SIGNED: tuple[dict[str, Any], ...] = tuple(
    {"name": name, "in": "query", "required": True, "schema": _TEXT}
    for name in ("expires", "type", "filename", "signature")
)
_ANY_IMAGE = (Content("image/*", schema={"type": "string", "format": "binary"}),)
_ZIP = (Content("application/zip", schema={"type": "string", "format": "binary"}),)


def _archive(id_: str, summary: str) -> Operation:
    return Operation(
        id=id_,
        tag=Tag.FILES,
        summary=summary,
        description="Made while it is read, with its length announced: a shorter one broke off.",
        answers=(Answer(HTTPStatus.OK, "The ZIP.", _ZIP, ("ContentDisposition",)),),
        problems=("not_found", "queue_full"),
        more_query=_SIGNED,
        scope=None,
    )


OPERATIONS: dict[str, Operation] = {
    "files.signed_file": Operation(
        id="read_file",
        tag=Tag.FILES,
        summary="Read a picture or a photo",
        description="Where pictures lie in the service's own directory; an S3 storage has links "
        "of its own.",
        answers=(
            Answer(HTTPStatus.OK, "The file.", _ANY_IMAGE, ("ETag", "ContentDisposition")),
            Answer(
                HTTPStatus.PARTIAL_CONTENT,
                "The part that was asked for.",
                _ANY_IMAGE,
                ("ETag", "ContentDisposition", "ContentRange"),
            ),
            Answer(HTTPStatus.NOT_MODIFIED, "Nothing has changed.", (), ("ETag",)),
        ),
        problems=("not_found", "result_expired", "range_not_satisfiable", "storage_unavailable"),
        more_query=_SIGNED,
        headers=("If-None-Match", "Range"),
        scope=None,
        asks_job_store=False,
    ),
    "archive_files.read_archive": _archive("read_archive", "Read an archive"),
    "archive_files.read_batch_archive": _archive("read_batch_archive", "Read a batch's archive"),
}
