"""Submitting one photo: from the request to its job."""

from werkzeug.wrappers import Request

from api.context.context import Context
from api.http.ids import checked_id
from api.http.json_body import MEDIA_TYPE
from api.http.request_options import RequestOptions
from api.jobs.json_submission import read_json_submission
from api.submissions.parameters import Parameters
from api.submissions.submission import Source, admit, compose, webhook_target
from api.uploads.multipart import PhotoSpool, Upload, read_photo_upload
from api.uploads.photo_fetch import fetch_photo
from common.callers import Caller


def submit(request: Request, caller: Caller, context: Context) -> str:
    """Submit the photo of a request and return the id of its job.

    Raises:
        RequestError: The request is invalid or refused; nothing is left behind.
        ServiceError: The service cannot take it now.
    """
    options = RequestOptions.of(request.headers, deadline_s=context.settings.deadline_s)
    with _receive(request, context) as upload:
        parameters = Parameters.parse(upload.fields)
        webhook = webhook_target(parameters, request, context)
        style = context.catalog.choose(parameters.style)
        if upload.image_id is None:
            source = Source.received(upload, context)
        else:
            source = Source.kept(checked_id(upload.image_id, "image"), caller, context)
        submission = compose(
            context,
            caller=caller,
            options=options,
            parameters=parameters,
            style=style,
            source=source,
            webhook=webhook,
        )
        return admit(submission, source, context)


def _receive(request: Request, context: Context) -> Upload:
    """Receive a photo, or fetch it from the address in the request."""
    max_bytes = context.settings.max_upload_bytes
    if request.mimetype != MEDIA_TYPE:
        return read_photo_upload(request, max_image_bytes=max_bytes)

    def fetch(url: str, spool: PhotoSpool) -> None:
        fetch_photo(url, spool, context)

    return read_json_submission(request, fetch=fetch, max_image_bytes=max_bytes)
