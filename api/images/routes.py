"""`/v1/images`: photos kept for later jobs, so that one upload serves several styles."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from api.context.context import current_caller, current_context, current_links, require_jobs_caller
from api.http.ids import checked_id
from api.http.json_response import json_response
from api.images.schemas import ForgottenBody, ImageBody, NoParameters
from api.submissions.submission import Source
from api.uploads.multipart import IMAGE_ID, read_photo_upload
from common.errors import MalformedRequest
from common.jobstore.images import Image

v1 = Blueprint("images", __name__, url_prefix="/v1/images")
v1.before_request(require_jobs_caller)


@v1.post("")
def keep_image() -> Response:
    """Store a photo without a job."""
    context, caller = current_context(), current_caller().name
    with read_photo_upload(request, max_image_bytes=context.settings.max_upload_bytes) as upload:
        NoParameters.parse(upload.fields)
        if upload.image_id is not None:
            raise MalformedRequest(f"An image is made from a file; '{IMAGE_ID}' is one already.")
        source = Source.received(upload, context.photo_limits)
        # Recorded in the job store before it exists: if a step fails, the keeper deletes it.
        context.store.images.begin(caller, source.input_name)
        context.objects.put(source.input_name, upload.file, content_type=source.content_type)
        image = context.store.images.keep(
            caller,
            source.input_name,
            sha256=source.sha256,
            content_type=source.content_type,
            width=source.width,
            height=source.height,
            size_bytes=upload.size_bytes,
        )
    response = _image_response(image, HTTPStatus.CREATED)
    response.headers["Location"] = current_links().image(image.id)
    return response


@v1.get("/<image_id>")
def show_image(image_id: str) -> Response:
    """Show a kept image."""
    image_id = checked_id(image_id, "image")
    return _image_response(current_context().store.images.view(image_id, current_caller().name))


@v1.delete("/<image_id>")
def forget_image(image_id: str) -> Response:
    """Delete an image; jobs made from it keep their photo."""
    current_context().store.images.drop(checked_id(image_id, "image"), current_caller().name)
    return json_response(ForgottenBody(deleted=["image"]))


def _image_response(image: Image, status: HTTPStatus = HTTPStatus.OK) -> Response:
    body = ImageBody.of(image, current_links())
    return json_response(body, status)
