"""JSON bodies: reads a small JSON object."""

import json

from werkzeug.wrappers import Request

from common.errors import MalformedRequest, UploadTooLarge

MAX_JSON_BYTES = 64 * 1024  # a thousand ids
MEDIA_TYPE = "application/json"


def read_json_object(request: Request) -> dict[str, object]:
    """Read the body of a request.

    Raises:
        MalformedRequest: It is not a JSON object.
        UploadTooLarge: It is longer than `MAX_JSON_BYTES`.
        CelshadeError: Whatever else the body reader raises.
    """
    if request.mimetype != MEDIA_TYPE:
        raise MalformedRequest(f"Send a JSON object, as {MEDIA_TYPE}.")
    text = request.stream.read(MAX_JSON_BYTES + 1)
    if len(text) > MAX_JSON_BYTES:
        raise UploadTooLarge(f"Send at most {MAX_JSON_BYTES:,} bytes.")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest("The body is not JSON.") from error
    if not isinstance(found, dict):
        raise MalformedRequest("Send a JSON object.")
    return found
