"""OpenAPI operations of `/v1/images`."""

from http import HTTPStatus

from api.images.examples import EXAMPLES
from api.images.schemas import ForgottenBody, ImageBody
from api.openapi.errors import BODY, PHOTO
from api.openapi.operation import Content, Operation, RequestBody, Response, Tag
from api.submissions.openapi import IMAGE_FORM, RAW

_IMAGE = Content(model=ImageBody, examples=EXAMPLES)

_NEXT = {
    "get_image": ("image_id", "image_id"),
    "delete_image": ("image_id", "image_id"),
    "submit_job": ("image_id", "image_id"),
}

OPERATIONS: dict[str, Operation] = {
    "images.keep_image": Operation(
        id="keep_image",
        tag=Tag.IMAGES,
        summary="Keep a photo",
        description="For several jobs: each names it with `image_id`.",
        responses=(
            Response(HTTPStatus.CREATED, "The image is kept.", (_IMAGE,), ("Location",), _NEXT),
        ),
        problems=(
            *BODY,
            *PHOTO,
            "invalid_param",
            "queue_full_for_key",
            "storage_unavailable",
        ),
        body=RequestBody((IMAGE_FORM, *RAW)),
    ),
    "images.show_image": Operation(
        id="get_image",
        tag=Tag.IMAGES,
        summary="Look at a kept image",
        responses=(Response(HTTPStatus.OK, "The image.", (_IMAGE,)),),
        problems=("not_found",),
    ),
    "images.forget_image": Operation(
        id="delete_image",
        tag=Tag.IMAGES,
        summary="Forget a kept image",
        description="Jobs made from it keep their photo.",
        responses=(Response(HTTPStatus.OK, "It is forgotten.", (Content(model=ForgottenBody),)),),
        problems=("not_found",),
    ),
}
