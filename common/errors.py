"""The one tree of errors: what went wrong, its stable code, and the sentence its reader sees.

Each class carries a stable `code` and a default sentence. What a user may read is the error's text;
the internal cause stays in `__cause__` and in the logs. `api/problems.py` turns codes into HTTP
statuses in one table; this module knows nothing of HTTP.
"""

from typing import ClassVar


class CelshadeError(Exception):
    """Root of every error that Celshade raises on purpose.

    Args:
        message: The sentence the reader sees; the class's own `default` when left out.
        field: Name of the request parameter at fault, if there is one.
        retry_after_s: Seconds after which trying again makes sense, if it does.
    """

    code: ClassVar[str] = "internal"
    default: ClassVar[str] = "Something went wrong on our side."

    def __init__(
        self,
        message: str | None = None,
        *,
        field: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message or self.default)
        self.field = field
        self.retry_after_s = retry_after_s


class ConfigurationError(CelshadeError):
    """Raised at start when settings are wrong; its text names every fault."""

    code = "configuration"
    default = "The settings are not usable."


# --- What a caller sent -------------------------------------------------------------------------


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
    """Raised when a photo comes for a batch that was canceled while it was being received."""

    code = "batch_closed"
    default = "The batch was canceled while it was being received; send it again."


class BatchBusy(RequestError):
    """Raised when an idempotency key comes back while its first batch is still being received."""

    code = "not_ready"
    default = "A batch with this Idempotency-Key is being received; come back when it is."


class UploadTooLarge(RequestError):
    """Raised when a request body passes the byte limit."""

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
    """Raised when an idempotency key comes back with a different request."""

    code = "idempotency_key_reuse"
    default = "This Idempotency-Key was used for a different request; choose a new one."


class QueueFullForKey(RequestError):
    """Raised when the caller's own share of the queue is used up."""

    code = "queue_full_for_key"
    default = "You have too many open jobs; wait for some to finish."


class QuotaExceeded(RequestError):
    """Raised when the caller's megapixels of the day are used up."""

    code = "quota_exceeded"
    default = "Your megapixels of today are used up; they begin anew at midnight UTC."


class NotCached(RequestError):
    """Raised for `only-if-cached` when the picture is not in the cache."""

    code = "not_cached"
    default = "This picture is not in the cache."


# --- What the service cannot do now -------------------------------------------------------------


class ServiceError(CelshadeError):
    """Branch: the request is fine, the service cannot take it now; trying again later helps."""


class QueueFull(ServiceError):
    """Raised when the service as a whole takes no more work."""

    code = "queue_full"
    default = "The service is full; try again in a moment."


class StorageUnavailable(ServiceError):
    """Raised when the object storage does not answer, refuses us, or is full."""

    code = "storage_unavailable"
    default = "The picture storage does not answer; try again in a moment."


class StoreUnavailable(ServiceError):
    """Raised when the job store does not answer or refuses a write."""

    code = "store_unavailable"
    default = "The job store does not answer; try again in a moment."


class ServiceBusy(ServiceError):
    """Raised when too many uploads are being read already."""

    code = "queue_full"
    default = "Too many uploads are being received; try again in a moment."


class NoWorkers(ServiceError):
    """Raised when no worker ever registered a style."""

    code = "no_workers"
    default = "No worker has registered yet; try again once one is up."


# --- What can go wrong with a render ------------------------------------------------------------


class RenderError(CelshadeError):
    """Branch: one attempt at a render failed. `retryable` says whether another may succeed.

    `picture_at_fault` tells the causes that lie in the picture from those that lie in the worker:
    three of the latter in a row make a worker stop claiming.
    """

    retryable: ClassVar[bool] = True
    picture_at_fault: ClassVar[bool] = False


class DecodeFailed(RenderError):
    """Raised when the image's header was fine but its pixels cannot be decoded."""

    code = "decode_failed"
    default = "The image is damaged: its pixels cannot be decoded."
    retryable = False
    picture_at_fault = True


class OutOfMemory(RenderError):
    """Raised when the picture does not fit the device even alone."""

    code = "out_of_memory"
    default = "The picture does not fit into the device's memory; ask for a smaller size."
    retryable = False


class ExecutionTimeout(RenderError):
    """Raised when an attempt ran past its execution limit."""

    code = "execution_timeout"
    default = "Rendering took too long and was stopped."


class WorkerLost(RenderError):
    """Raised when the worker that held the render died or froze."""

    code = "worker_lost"
    default = "The worker rendering this picture was lost three times."


class StorageError(RenderError):
    """Raised when a worker cannot read the input or write the output."""

    code = "storage_error"
    default = "The picture storage failed while rendering."


class InternalError(RenderError):
    """Raised when a render fails for a reason nobody foresaw."""

    code = "internal"
    default = "Rendering failed for an internal reason."


class ObjectMissing(RenderError):
    """Raised when an object that should be in the storage is not there."""

    code = "storage_error"
    default = "The stored picture is gone."
