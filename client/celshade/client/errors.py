"""Errors of the client, one class hierarchy; the text of each is a sentence for the user.

No error of httpx, of JSON or of the file system leaves this package: each is mapped to one of these
where it was met, and stays in `__cause__`.
"""

from pathlib import Path


class CelshadeError(Exception):
    """Root of every error this package raises on purpose.

    Attributes:
        passes: Whether the same request may well succeed a little later.
        retry_after_s: Seconds the server asked to wait before that, if it did.
    """

    passes: bool = False
    retry_after_s: float | None = None


class UnusableSettings(CelshadeError):
    """Raised when the server's address or the API key cannot be used at all."""


class ServerUnreachable(CelshadeError):
    """Raised when no answer came from the server.

    Args:
        origin: Scheme, host and port that were tried.
        reason: What went wrong, in a few words.
    """

    passes = True

    def __init__(self, origin: str, reason: str) -> None:
        super().__init__(f"No answer from {origin}: {reason}.")
        self.origin = origin
        self.reason = reason


class BadAnswer(CelshadeError):
    """Raised when what answers is not a Celshade server, or not one this client understands."""


class Refused(CelshadeError):
    """Raised when the server refuses a request.

    Attributes:
        status: HTTP status.
        code: Stable code of the problem, e.g. `too_many_pixels`; `http_STATUS` when it has none.
        detail: The server's sentence.
        request_id: Finds the request in the server's logs, if the server gave one.
    """

    # The caller's own share is used up, or the service or a proxy before it is away for a moment.
    _RETRYABLE_STATUSES = frozenset({429, 502, 503})

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after_s: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        self.passes = status in self._RETRYABLE_STATUSES

    @property
    def is_foreign(self) -> bool:
        """Whether the refusal is permanent and does not come from Celshade."""
        return self.code.startswith("http_") and not self.passes


class JobFailed(CelshadeError):
    """Raised when a picture is asked for of a job that ended without one.

    Attributes:
        job_id: The job.
        status: How it ended: `failed`, `canceled` or `expired`.
        code: Stable code of the failure, e.g. `decode_failed`; the status when there is none.
        retryable: Whether the server thinks that trying again may help.
    """

    def __init__(
        self, job_id: str, status: str, code: str, message: str, *, retryable: bool
    ) -> None:
        super().__init__(message)
        self.job_id = job_id
        self.status = status
        self.code = code
        self.retryable = retryable


class WaitTimeout(CelshadeError):
    """Raised when a job or batch is still open after the timeout; it goes on.

    Args:
        name: What it is, e.g. `job 1a2b`.
        waited_s: That time, seconds.
    """

    def __init__(self, name: str, waited_s: float) -> None:
        super().__init__(f"The {name} is still open after {waited_s:g} seconds; it goes on.")


class DownloadFailed(CelshadeError):
    """Raised when a finished picture or an archive did not arrive whole; nothing was written."""

    passes = True


class NothingThere(CelshadeError):
    """Raised when an archive is asked for and none of its jobs has a picture."""


class PhotoUnreadable(CelshadeError):
    """Raised when a photo cannot be read from this machine's disk."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path


class CannotSave(CelshadeError):
    """Raised when a picture cannot be written to this machine's disk."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"Cannot write {path}: {reason}.")
        self.path = path
