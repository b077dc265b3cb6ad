"""Errors of the service: a retry later may succeed."""

from collections.abc import Collection

from common.errors.root import CelshadeError


class ServiceError(CelshadeError):
    """Branch: the request is fine, but the service cannot serve it now."""


class QueueFull(ServiceError):
    """Raised when the service as a whole takes no more work."""

    code = "queue_full"
    default = "The service is full; try again in a moment."


class StorageUnavailable(ServiceError):
    """Raised when the object storage does not answer, refuses access, or is full."""

    code = "storage_unavailable"
    default = "The picture storage does not answer; try again in a moment."


class ObjectsKept(StorageUnavailable):
    """Raised when the storage did not delete some objects; the others of the call are gone.

    Args:
        names: Those that still exist, or may.
        why: The storage's reason for one of them, for the log.
    """

    def __init__(self, names: Collection[str] = (), why: str = "no reason given") -> None:
        super().__init__(f"The storage did not delete {len(names)} objects: {why}.")
        self.names = frozenset(names)


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
