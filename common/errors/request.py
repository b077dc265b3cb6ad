"""Errors of requests that cannot be served as they were sent."""

from common.errors.root import CelshadeError


class RequestError(CelshadeError):
    """Branch: the request cannot be served as it was sent."""


class MalformedRequest(RequestError):
    """Raised when the request's shape is wrong: no file, two files, unreadable multipart."""

    code = "malformed_request"
    default = "The request could not be read."


class Unauthorized(RequestError):
    """Raised when the API key is missing or unknown."""

    code = "unauthorized"
    default = "Send a valid API key as 'Authorization: Bearer KEY'."


class Forbidden(RequestError):
    """Raised when the caller is known but may not do this."""

    code = "forbidden"
    default = "This caller may not do that."


class NotFound(RequestError):
    """Raised when there is no such thing, or it belongs to another caller."""

    code = "not_found"
    default = "There is nothing here."


class RequestTimeout(RequestError):
    """Raised when a request body arrives too slowly."""

    code = "request_timeout"
    default = "The upload was too slow; try again over a faster connection."


class NotReady(RequestError):
    """Raised when a result is asked for before its job has finished."""

    code = "not_ready"
    default = "The job has not finished yet; poll it and come back."


class JobFailed(RequestError):
    """Raised when a result is asked for of a job that ended without one."""

    code = "job_failed"
    default = "The job ended without a picture; its 'error' says why."


class NotRetryable(RequestError):
    """Raised when a job cannot be retried: it is open, it succeeded, or its input is gone."""

    code = "not_retryable"
    default = "This job cannot be retried; submit the photo again."


class ResultExpired(RequestError):
    """Raised when a result is asked for after its time."""

    code = "result_expired"
    default = "The picture has expired; submit the photo again."


class BatchClosed(RequestError):
    """Raised for a photo of a batch that was canceled while it was being received."""

    code = "batch_closed"
    default = "The batch was canceled while it was being received; send it again."


class BatchBusy(RequestError):
    """Raised when an idempotency key is repeated while its first batch is being received."""

    code = "not_ready"
    default = "A batch with this Idempotency-Key is being received; come back when it is."


class UploadTooLarge(RequestError):
    """Raised when a request body exceeds the byte limit."""

    code = "upload_too_large"
    default = "The upload is too large."


class UnsupportedMediaType(RequestError):
    """Raised when the bytes are not one of the accepted image formats."""

    code = "unsupported_media_type"
    default = "This is not an image we can read; send JPEG, PNG, WebP, AVIF or GIF."


class InvalidImage(RequestError):
    """Raised when an image's header cannot be read."""

    code = "invalid_image"
    default = "The image is damaged: its header cannot be read."


class TooManyPixels(RequestError):
    """Raised when an image's header announces more pixels than are decoded."""

    code = "too_many_pixels"
    default = "The image has too many pixels."


class ImageTooSmall(RequestError):
    """Raised when an image's shorter side is under the minimum."""

    code = "image_too_small"
    default = "The image is too small."


class UnknownStyle(RequestError):
    """Raised when no worker ever offered the style."""

    code = "unknown_style"
    default = "There is no such style; GET /v1/styles lists them."


class InvalidParam(RequestError):
    """Raised when a parameter is out of its range."""

    code = "invalid_param"
    default = "A parameter is out of range."


class IdempotencyKeyReuse(RequestError):
    """Raised when an idempotency key is repeated with a different request."""

    code = "idempotency_key_reuse"
    default = "This Idempotency-Key was used for a different request; choose a new one."


class QueueFullForKey(RequestError):
    """Raised when the caller's own share of the queue is used up."""

    code = "queue_full_for_key"
    default = "You have too many open jobs; wait for some to finish."


class QuotaExceeded(RequestError):
    """Raised when the caller's megapixels of the day are used up."""

    code = "quota_exceeded"
    default = "Your megapixels of today are used up; they are reset at midnight UTC."


class RateLimited(RequestError):
    """Raised when the caller's requests of the minute are used up."""

    code = "rate_limited"
    default = "You sent too many requests; wait for the next minute."


class NotCached(RequestError):
    """Raised for `only-if-cached` when the picture is not in the cache."""

    code = "not_cached"
    default = "This picture is not in the cache."
