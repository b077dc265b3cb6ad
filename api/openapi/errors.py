"""Errors in the document: the codes that an operation may return, and their meanings. Pure."""

from http import HTTPStatus

from api.http.problems import MEDIA_TYPE, STATUSES
from api.openapi.headers import RATE_LIMIT, REQUEST_ID, RESPONSE_HEADERS
from api.openapi.operation import Operation, Schema
from common.callers import Scope

# Faults of a request body of any kind.
BODY = (
    "malformed_request",
    "request_timeout",
    "upload_too_large",
    "unsupported_media_type",
    "queue_full",
)
# Faults of a photo.
PHOTO = ("invalid_image", "too_many_pixels", "image_too_small")
# Reasons to refuse new work.
ADMISSION = ("queue_full_for_key", "quota_exceeded", "queue_full", "no_workers")
# Faults of a submission besides its photo.
SUBMISSION = (
    "invalid_param",
    "unknown_style",
    "idempotency_key_reuse",
    "not_cached",
    "storage_unavailable",
)

# Codes of every operation.
EVERYWHERE = ("malformed_request", "forbidden", "uri_too_long", "headers_too_large", "internal")

# Codes of most operations; the reference page lists them once.
USUAL = (*EVERYWHERE, "unauthorized", "rate_limited", "store_unavailable")

# Stable code -> its meaning for clients. Causes of failed jobs are not responses.
MEANINGS: dict[str, str] = {
    "malformed_request": "it cannot be read: send one photo, and each parameter once",
    "unauthorized": "there is no valid key in `Authorization`",
    "forbidden": "this key, page, name or link may not do that",
    "not_found": "it is not there, or not yours",
    "request_timeout": "the upload came too slowly",
    "not_ready": "it has not ended yet; come back",
    "job_failed": "the job ended without a picture; its `error` says why",
    "not_retryable": "it is open, has succeeded, or its photo or style is gone",
    "batch_closed": "the batch was canceled while it came in",
    "result_expired": "the picture is gone; submit the photo again",
    "upload_too_large": "there are more bytes or photos than `/v1/limits` allows",
    "uri_too_long": "the address is too long; send parameters in a form",
    "unsupported_media_type": "this is no image we can read; its content decides, not its name",
    "range_not_satisfiable": "there is no such part of it",
    "invalid_image": "the image is damaged",
    "too_many_pixels": "the image has too many pixels",
    "image_too_small": "the image is too small or too narrow",
    "unknown_style": "`/v1/styles` lists the styles there are",
    "invalid_param": "`errors` names the fields at fault",
    "idempotency_key_reuse": "the key was used for another request",
    "headers_too_large": "there are too many headers, or one is too long",
    "queue_full_for_key": "your own share of the queue is used up",
    "quota_exceeded": "your megapixels of the day are used up",
    "rate_limited": "your requests of the minute are used up",
    "queue_full": "the service takes no more just now",
    "storage_unavailable": "the picture storage does not answer",
    "store_unavailable": "the job store does not answer",
    "no_workers": "no worker has ever come up",
    "not_cached": "there is no such picture yet; only for `only-if-cached`",
    "internal": "a fault of ours; `request_id` helps us to find it",
}


def codes_of(operation: Operation, *, is_limited: bool) -> list[str]:
    """Return the stable codes that an operation may return, sorted by status.

    Args:
        operation: The operation.
        is_limited: Whether requests to it count against the caller's minute.
    """
    codes = {*operation.problems, *EVERYWHERE}
    if operation.scope is not None:
        codes |= {"unauthorized", "store_unavailable"}
    if operation.asks_job_store:
        codes.add("store_unavailable")
    if is_limited:
        codes.add("rate_limited")
    if operation.query is not None:
        codes.add("invalid_param")
    order = list(MEANINGS)
    return sorted(codes, key=lambda code: (STATUSES[code], order.index(code)))


def problem_responses(operation: Operation, *, is_limited: bool) -> dict[str, Schema]:
    """Describe the error responses of an operation, by status; arguments as of `codes_of`."""
    by_status: dict[HTTPStatus, list[str]] = {}
    for code in codes_of(operation, is_limited=is_limited):
        by_status.setdefault(STATUSES[code], []).append(code)
    return {
        str(status.value): _problem(status, codes, is_limited=is_limited)
        for status, codes in by_status.items()
    }


def security_of(operation: Operation, *, is_open: bool) -> list[Schema]:
    """Return the security requirement of an operation; a key is optional without keys."""
    if operation.scope is None:
        return []
    return [{"key": []}, {}] if is_open else [{"key": []}]


def needs_admin(operation: Operation) -> bool:
    """Whether the operation needs the scope `admin`."""
    return operation.scope is Scope.ADMIN


def _problem(status: HTTPStatus, codes: list[str], *, is_limited: bool) -> Schema:
    names = [REQUEST_ID, *(RATE_LIMIT if is_limited else ())]
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        names.append("RetryAfter")
    if status is HTTPStatus.CONFLICT:
        names.append("RetryAfterWhileOpen")
    if status is HTTPStatus.UNAUTHORIZED:
        names.append("WWWAuthenticate")
    listed = "; ".join(f"`{code}`: {MEANINGS[code]}" for code in codes)
    body = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"properties": {"status": {"const": status.value}, "code": {"enum": codes}}},
        ]
    }
    return {
        "description": f"{status.phrase}: {listed}.",
        "headers": headers(names),
        "content": {MEDIA_TYPE: {"schema": body}},
    }


def headers(names: list[str]) -> Schema:
    """Reference headers by their names in the document."""
    return {RESPONSE_HEADERS[name][0]: {"$ref": f"#/components/headers/{name}"} for name in names}
