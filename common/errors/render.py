"""Errors of renders: the causes of failed jobs."""

from typing import ClassVar

from common.errors.root import CelshadeError


class RenderError(CelshadeError):
    """Branch: one attempt at a render failed. `retryable` says whether another may succeed.

    `picture_at_fault` tells causes in the picture from causes in the worker: three of the latter in
    a row make a worker stop claiming.
    """

    retryable: ClassVar[bool] = True
    picture_at_fault: ClassVar[bool] = False


class DecodeFailed(RenderError):
    """Raised when the image's header is fine but its pixels cannot be decoded."""

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
    """Raised when a render fails for an unexpected reason."""

    code = "internal"
    default = "Rendering failed for an internal reason."


class ObjectMissing(RenderError):
    """Raised when an object is missing in the storage."""

    code = "storage_error"
    default = "The stored picture is gone."
