"""OpenAPI operations of `/v1/archives` and of the signed links to ZIPs."""

from http import HTTPStatus

from api.archives.schemas import ArchiveBody, ArchiveParameters
from api.openapi.errors import BODY
from api.openapi.operation import (
    SIGNED_QUERY,
    Content,
    Operation,
    RequestBody,
    Response,
    Tag,
)

EXAMPLES = {"one-job": {"job_ids": ["b3b8d1dd2e0ac732b5d6a4cfa2a8ac14"]}}

_ZIP = (Content("application/zip", schema={"type": "string", "format": "binary"}),)


def _archive(id_: str, summary: str) -> Operation:
    return Operation(
        id=id_,
        tag=Tag.FILES,
        summary=summary,
        description="Made while it is read, with its length announced: a shorter one broke off.",
        responses=(Response(HTTPStatus.OK, "The ZIP.", _ZIP, ("ContentDisposition",)),),
        problems=("not_found", "queue_full"),
        more_query=SIGNED_QUERY,
        scope=None,
    )


OPERATIONS: dict[str, Operation] = {
    "archives.make_archive": Operation(
        id="create_archive",
        tag=Tag.ARCHIVES,
        summary="Put pictures into a ZIP",
        description="The link leads to a ZIP that is made while it is read, with a "
        "`manifest.json` that names what is not there. It needs no key and lives for minutes.",
        responses=(
            Response(HTTPStatus.CREATED, "The link.", (Content(model=ArchiveBody),), ("Location",)),
        ),
        problems=(*BODY, "invalid_param", "not_found"),
        body=RequestBody((Content(model=ArchiveParameters, examples=EXAMPLES),)),
    ),
    "archive_files.read_archive": _archive("read_archive", "Read an archive"),
    "archive_files.read_batch_archive": _archive("read_batch_archive", "Read a batch's archive"),
}
