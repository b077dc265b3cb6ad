"""`/v1/archives`, and the signed links to its ZIPs, which need no key."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from api.archives import zip_stream
from api.archives.schemas import ArchiveBody, ArchiveParameters
from api.context.context import current_caller, current_context, current_links, require_jobs_caller
from api.http.ids import checked_id
from api.http.json_body import read_json_object
from api.http.json_response import json_response
from common.errors import Forbidden, NotFound, ServiceBusy
from common.jobstore.archives import ArchiveKind, Selection
from common.objects.names import content_disposition
from common.objects.signed_links import LinkSigner

v1 = Blueprint("archives", __name__, url_prefix="/v1/archives")
v1.before_request(require_jobs_caller)

files = Blueprint("archive_files", __name__, url_prefix="/files")

BUSY_RETRY_AFTER_S = 5
INVALID_LINK = "This link is not valid, or has expired; ask for the archive again."


@v1.post("")
def make_archive() -> Response:
    """Create an archive of the caller's pictures and return its link."""
    context, caller = current_context(), current_caller().name
    jobs = list(dict.fromkeys(ArchiveParameters.parse(read_json_object(request)).job_ids))
    archives = context.store.archives
    archive = archives.make(caller, jobs, ttl_s=context.settings.url_ttl_s)
    link = current_links().archive(archive)
    reasons = [zip_stream.gap(picture) for picture in archives.pictures(caller, jobs)]
    missing = sum(reason is not None for reason in reasons)
    body = ArchiveBody.of(archive.id, link, pictures=len(reasons) - missing, missing=missing)
    response = json_response(body, HTTPStatus.CREATED)
    response.headers["Location"] = link.url
    return response


@files.get("/archives/<archive_id>")
def read_archive(archive_id: str) -> Response:
    """Stream the ZIP of a selection; needs a signed link."""
    return _zip(ArchiveKind.ARCHIVES, archive_id)


@files.get("/batches/<batch_id>")
def read_batch_archive(batch_id: str) -> Response:
    """Stream the ZIP of a batch; needs a signed link."""
    return _zip(ArchiveKind.BATCHES, batch_id)


def _zip(kind: ArchiveKind, archive_id: str) -> Response:
    context = current_context()
    selection, download_name = _verified(kind, checked_id(archive_id, "archive"))
    if not context.downloads.acquire(blocking=False):
        raise ServiceBusy("Too many archives are being sent.", retry_after_s=BUSY_RETRY_AFTER_S)
    try:
        pictures = context.store.archives.pictures(selection.caller, selection.jobs)
        archive = zip_stream.compose(pictures, context.objects, context.result_check)
        response = Response(archive.chunks, mimetype="application/zip")
        response.content_length = archive.size_bytes
        response.headers["Content-Disposition"] = content_disposition(download_name)
        response.headers["Cache-Control"] = "private, no-store"
    except BaseException:
        context.downloads.release()
        raise
    response.call_on_close(context.downloads.release)
    return response


def _verified(kind: ArchiveKind, archive_id: str) -> tuple[Selection, str]:
    """Verify a link and return its selection and download name."""
    query = request.args
    try:
        selection = current_context().store.archives.view(kind, archive_id)
    except NotFound:
        raise Forbidden(INVALID_LINK) from None  # as for an invalid link
    download_name = query.get("filename", "")
    LinkSigner(bytes.fromhex(selection.secret)).verify(
        request.method,
        f"{kind}/{archive_id}",
        expires=query.get("expires", ""),
        content_type=query.get("type", ""),
        download_name=download_name,
        signature=query.get("signature", ""),
    )
    return selection, download_name
