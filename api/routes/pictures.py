"""Pictures: the stable links that sign anew each time, and the signed ones of the local store."""

import os
from contextlib import ExitStack
from http import HTTPStatus
from typing import BinaryIO

from flask import Blueprint, Response, request
from werkzeug.wsgi import wrap_file

from api.output_check import with_present_picture
from api.parts import current_caller, current_links, parts, require_jobs_caller
from api.routes.jobs import checked_job_id
from common.answers.links import SignedLink
from common.errors import JobFailed, NotFound, NotReady, ObjectMissing, ResultExpired
from common.jobs import Job, JobStatus
from common.storage.local import LocalStore
from common.storage.names import content_disposition

v1 = Blueprint("pictures", __name__, url_prefix="/v1/jobs")
v1.before_request(require_jobs_caller)

files = Blueprint("files", __name__, url_prefix="/files")

_SANDBOX = "default-src 'none'; frame-ancestors 'none'; sandbox"


@v1.get("/<job_id>/result")
def result(job_id: str) -> Response:
    """Lead to a job's picture."""
    here, caller = parts(), current_caller().name

    def look() -> Job:
        return here.store.ledger.view(job_id, caller)

    checked_job_id(job_id)
    job = with_present_picture(look(), look, here)
    if not job.status.is_terminal:
        raise NotReady(retry_after_s=1)
    if job.status is not JobStatus.SUCCEEDED:
        raise JobFailed(_why_no_picture(job))
    return _redirect(current_links().result(job))


@v1.get("/<job_id>/source")
def source(job_id: str) -> Response:
    """Lead to the photo a job is made from; it need not have ended."""
    job = parts().store.ledger.view(checked_job_id(job_id), current_caller().name)
    return _redirect(current_links().source(job))


@files.get("/<path:name>")
def signed_file(name: str) -> Response:
    """Serve an object of the local store to whoever holds a link that is still good."""
    objects = parts().objects
    if not isinstance(objects, LocalStore):
        raise NotFound
    query = request.args
    content_type, download_name = query.get("type", ""), query.get("filename", "")
    objects.verify(
        request.method,
        name,
        expires=query.get("expires", ""),
        content_type=content_type,
        download_name=download_name,
        signature=query.get("signature", ""),
    )
    try:
        file = objects.open(name)
    except ObjectMissing as error:
        raise ResultExpired from error
    response = _file_response(file, name, content_type)
    response.headers["Content-Disposition"] = content_disposition(download_name)
    return response


def _why_no_picture(job: Job) -> str:
    if job.failure is not None:
        return f"The job ended without a picture ({job.failure.code}): {job.failure.message}"
    return f"The job was {job.status}; there is no picture."


def _redirect(link: SignedLink | None) -> Response:
    if link is None:
        raise ResultExpired
    return Response(status=HTTPStatus.FOUND, headers={"Location": link.url})


def _file_response(file: BinaryIO, name: str, content_type: str) -> Response:
    """Stream an open file, or the part of it that the request wants; closes it at the end."""
    with ExitStack() as stack:
        stack.callback(file.close)
        size_bytes = os.fstat(file.fileno()).st_size
        response = Response(
            wrap_file(request.environ, file), mimetype=content_type, direct_passthrough=True
        )
        response.content_length = size_bytes
        response.set_etag(name)  # objects never change under their name
        response.headers["Cache-Control"] = "private"
        response.headers["Content-Security-Policy"] = _SANDBOX
        response.make_conditional(request.environ, accept_ranges=True, complete_length=size_bytes)
        stack.pop_all()  # from here on it is closed with the response
    return response
