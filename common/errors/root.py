"""The root of all errors, and the error of wrong settings."""

from typing import ClassVar


class CelshadeError(Exception):
    """Root of every error that Celshade raises on purpose.

    Args:
        message: The sentence for the reader; the class's `default` when left out.
        field: Name of the request parameter at fault, if there is one.
        retry_after_s: Seconds after which a retry may succeed, if it may.
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
    """Raised at start if settings are wrong; its text names every fault."""

    code = "configuration"
    default = "The settings are not usable."
