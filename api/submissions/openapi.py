"""OpenAPI request bodies with photos: forms, raw bodies and JSON that names a photo. Pure."""

from typing import Any

from api.openapi.operation import JSON, Content
from api.submissions.parameters import Parameters
from api.uploads.multipart import FILE_FIELD, IMAGE_ID
from api.uploads.photo_fetch import IMAGE_URL
from common.jobs import ID_PATTERN

MULTIPART = "multipart/form-data"
_PHOTO = {
    "type": "string",
    "format": "binary",
    "description": "What it is, its content says, never its name; `content_types` in `/v1/limits`.",
}
_IMAGE_ID = {
    "type": "string",
    "pattern": ID_PATTERN,
    "description": "A kept image, in place of the file.",
}
_PHOTOS = {"type": "array", "items": _PHOTO, "minItems": 1}

IMAGE_ID_PARAMETER: dict[str, Any] = {
    "name": IMAGE_ID,
    "in": "query",
    "description": "A kept image, in place of a body.",
    "schema": {"type": "string", "pattern": ID_PATTERN},
}

# The fields of a form besides those of its model; the file comes last, after the parameters.
FORM = Content(
    MULTIPART,
    model=Parameters,
    schema={
        "properties": {IMAGE_ID: _IMAGE_ID, FILE_FIELD: _PHOTO},
        "oneOf": [{"required": [FILE_FIELD]}, {"required": [IMAGE_ID]}],
    },
    encoding={FILE_FIELD: {"contentType": "image/*, application/octet-stream"}},
)
BATCH_FORM = Content(
    MULTIPART,
    model=Parameters,
    schema={"properties": {FILE_FIELD: _PHOTOS}, "required": [FILE_FIELD]},
    encoding={FILE_FIELD: {"contentType": "image/*, application/octet-stream"}},
)
IMAGE_FORM = Content(
    MULTIPART,
    schema={
        "type": "object",
        "properties": {FILE_FIELD: _PHOTO},
        "required": [FILE_FIELD],
        "additionalProperties": False,
    },
    encoding={FILE_FIELD: {"contentType": "image/*, application/octet-stream"}},
)
RAW = tuple(
    Content(media_type, schema={"type": "string", "format": "binary"})
    for media_type in ("image/*", "application/octet-stream")
)
# A photo that is named, not sent; the parameters are beside it or in the query.
NAMED = Content(
    JSON,
    model=Parameters,
    schema={
        "properties": {
            IMAGE_ID: _IMAGE_ID,
            IMAGE_URL: {
                "type": "string",
                "format": "uri",
                "description": "Where the photo lies, if `image_url` in `/v1/limits` allows it.",
            },
        },
        "oneOf": [{"required": [IMAGE_URL]}, {"required": [IMAGE_ID]}],
    },
)
