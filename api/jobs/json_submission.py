"""JSON submissions: the photo is named, by address or as a kept image.

The parameters are those of a form; numbers and objects may be JSON values.
"""

import io
import json
from collections.abc import Callable, Iterator
from hashlib import sha256

from werkzeug.wrappers import Request

from api.http.json_body import read_json_object
from api.uploads.multipart import IMAGE_ID, PhotoSpool, Upload, unique_fields
from api.uploads.photo_fetch import IMAGE_URL
from common.errors import InvalidParam, MalformedRequest

ONE_NAME = f"Name one photo, with '{IMAGE_URL}' or with '{IMAGE_ID}'."


def read_json_submission(
    request: Request, *, fetch: Callable[[str, PhotoSpool], None], max_image_bytes: int
) -> Upload:
    """Read a submission and fetch its photo.

    Args:
        request: The request; its body has not been read.
        fetch: Fetches the photo at an address into a spool.
        max_image_bytes: Largest photo, bytes.

    Returns:
        The upload, to be closed by the caller.

    Raises:
        MalformedRequest: It is not a JSON object, or does not name exactly one photo.
        InvalidParam: A value is neither a text nor a number.
        CelshadeError: Whatever `fetch` raises.
    """
    fields = unique_fields([*request.args.items(multi=True), *_texts(read_json_object(request))])
    image_url, image_id = fields.pop(IMAGE_URL, None), fields.pop(IMAGE_ID, None)
    if (image_url is None) == (image_id is None):
        raise MalformedRequest(ONE_NAME)
    if image_url is None:
        return Upload(io.BytesIO(), sha256().hexdigest(), 0, fields, image_id)
    spool = PhotoSpool(max_image_bytes)
    try:
        fetch(image_url, spool)
        return spool.upload(fields)
    except BaseException:
        spool.close()
        raise


def _texts(values: dict[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the fields as in a form; an object stays JSON."""
    for name, value in values.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, dict | int | float) and not isinstance(value, bool):
            yield name, json.dumps(value)
        else:
            raise InvalidParam("Send a text or a number.", field=name[:64])
