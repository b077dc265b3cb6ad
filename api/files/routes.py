"""`/files`: objects of the local store, for valid signed links."""

import os
from contextlib import ExitStack
from typing import BinaryIO

from flask import Blueprint, Response, request
from werkzeug.wsgi import wrap_file

from api.context.context import current_context
from common.errors import NotFound, ObjectMissing, ResultExpired
from common.objects.local import LocalStore
from common.objects.names import content_disposition

files = Blueprint("files", __name__, url_prefix="/files")

_SANDBOX = "default-src 'none'; frame-ancestors 'none'; sandbox"


@files.get("/<path:name>")
def signed_file(name: str) -> Response:
    """Serve an object of the local store; needs a valid signed link."""
    objects = current_context().objects
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


def _file_response(file: BinaryIO, name: str, content_type: str) -> Response:
    """Stream an open file or the requested range, then close it."""
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
        stack.pop_all()  # the response closes it from here on
    return response
