"""What the service cannot do now; trying again later helps."""

from common.errors.root import CelshadeError


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
