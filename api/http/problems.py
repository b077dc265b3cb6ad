"""Problems: how every error becomes an HTTP response, in one table and one place.

Bodies are `application/problem+json` (RFC 9457). Details of unexpected errors are only logged.
"""

import json
import logging
import re
from collections.abc import Sequence
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from api.http.problem_schemas import FaultBody, ProblemBody
from api.http.request_options import InvalidParameters
from common import log
from common.errors import CelshadeError

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2  # of a 429 or 503 whose error names no pause

# Stable code -> HTTP status; the only such table.
STATUSES: dict[str, HTTPStatus] = {
    "malformed_request": HTTPStatus.BAD_REQUEST,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "request_timeout": HTTPStatus.REQUEST_TIMEOUT,
    "not_ready": HTTPStatus.CONFLICT,
    "job_failed": HTTPStatus.CONFLICT,
    "not_retryable": HTTPStatus.CONFLICT,
    "batch_closed": HTTPStatus.CONFLICT,
    "result_expired": HTTPStatus.GONE,
    "upload_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "uri_too_long": HTTPStatus.REQUEST_URI_TOO_LONG,
    "unsupported_media_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "range_not_satisfiable": HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    "invalid_image": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_many_pixels": HTTPStatus.UNPROCESSABLE_ENTITY,
    "image_too_small": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown_style": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_param": HTTPStatus.UNPROCESSABLE_ENTITY,
    "idempotency_key_reuse": HTTPStatus.UNPROCESSABLE_ENTITY,
    "headers_too_large": HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "queue_full_for_key": HTTPStatus.TOO_MANY_REQUESTS,
    "quota_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "queue_full": HTTPStatus.SERVICE_UNAVAILABLE,
    "storage_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "store_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "no_workers": HTTPStatus.SERVICE_UNAVAILABLE,
    "not_cached": HTTPStatus.GATEWAY_TIMEOUT,
    "configuration": HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
    # Causes of failed jobs, reported in a job's `error`. As a response each is our fault.
    "decode_failed": HTTPStatus.INTERNAL_SERVER_ERROR,
    "out_of_memory": HTTPStatus.INTERNAL_SERVER_ERROR,
    "execution_timeout": HTTPStatus.INTERNAL_SERVER_ERROR,
    "worker_lost": HTTPStatus.INTERNAL_SERVER_ERROR,
    "storage_error": HTTPStatus.INTERNAL_SERVER_ERROR,
}

# Codes of werkzeug's errors, by status; any other code is made from the phrase.
_HTTP_CODES = {
    HTTPStatus.BAD_REQUEST: "malformed_request",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "upload_too_large",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "range_not_satisfiable",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal",
}

_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing here.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method.",
}


def register(app: Flask) -> None:
    """Turn every error that a request ends in into a problem."""
    app.register_error_handler(Exception, error_response)


def error_response(error: Exception) -> Response:
    """Turn an error into its response."""
    if isinstance(error, CelshadeError):
        return _celshade_problem(error)
    if isinstance(error, HTTPException):
        return _http_problem(error)
    _log.error("request failed", exc_info=error)
    return problem("internal", CelshadeError.default)


def problem(
    code: str,
    detail: str,
    *,
    status: HTTPStatus | None = None,
    faults: Sequence[tuple[str, str]] = (),
    retry_after_s: int | None = None,
) -> Response:
    """Build a problem response.

    Args:
        code: Stable code; decides the status when that is left out.
        detail: The message.
        status: The status of a code that is not in the table.
        faults: Invalid fields: names and messages.
        retry_after_s: Pause before a retry, seconds.
    """
    status = status or STATUSES[code]
    body = ProblemBody(
        title=status.phrase,
        status=status.value,
        detail=detail,
        instance=request.path,
        code=code,
        errors=[FaultBody(field=name, message=message) for name, message in faults],
        request_id=log.request_id.get(),
    )
    # Not pydantic's serializer: an echoed name may contain half a surrogate pair.
    response = Response(json.dumps(body.model_dump()), status=status, mimetype=MEDIA_TYPE)
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if retry_after_s is None and status in (
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ):
        retry_after_s = RETRY_AFTER_S
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def _celshade_problem(error: CelshadeError) -> Response:
    if STATUSES[error.code] is HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request failed", exc_info=error)
        return problem("internal", CelshadeError.default)
    if isinstance(error, InvalidParameters):
        faults = error.faults
    else:
        faults = ((error.field, str(error)),) if error.field else ()
    return problem(error.code, str(error), faults=faults, retry_after_s=error.retry_after_s)


def _slug(phrase: str) -> str:
    """A status' phrase as a code: `Too Early` is `too_early`."""
    return re.sub(r"[^a-z]+", "_", phrase.lower().replace("'", ""))


def _http_problem(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    code = _HTTP_CODES.get(status, _slug(status.phrase))
    detail = _DETAILS.get(status) or f"The request cannot be served: {status.phrase.lower()}."
    response = problem(code, detail, status=status)
    for name, value in error.get_headers():  # Allow of a 405, Content-Range of a 416
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response
