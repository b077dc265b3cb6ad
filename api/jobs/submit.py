"""Submitting one photo: from the request to its job."""

from werkzeug.wrappers import Request

from api.context.context import Context
from api.http.ids import checked_id
from api.http.json_body import MEDIA_TYPE
from api.http.request_options import RequestOptions
from api.jobs.json_submission import read_json_submission
from api.submissions.parameters import Parameters
from api.submissions.submission import Source, compose, scope_of, webhook_target
from api.uploads.multipart import Upload, read_photo_upload
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
        webhook = webhook_target(
            parameters.webhook_url,
            context.outbound,
            base_url=context.origin_guard.base_url(request),
        )
        style = context.catalog.choose(parameters.style)
        if upload.image_id is None:
            source = Source.received(upload, context.photo_limits)
        else:
            image_id = checked_id(upload.image_id, "image")
            source = Source.kept(image_id, caller, context.store.images)
        submission = compose(
            caller=caller,
            options=options,
            parameters=parameters,
            style=style,
            source=source,
            scope=scope_of(caller, context.settings),
            webhook=webhook,
        )
        return context.submitter.admit(submission, source)


def _receive(request: Request, context: Context) -> Upload:
    """Receive a photo, or fetch it from the address in the request."""
    most = context.settings.max_upload_bytes
    if request.mimetype != MEDIA_TYPE:
        return read_photo_upload(request, max_image_bytes=most)
    return read_json_submission(request, fetch=context.photo_fetcher.fetch, max_image_bytes=most)
