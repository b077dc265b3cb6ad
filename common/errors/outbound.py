"""What can go wrong where the service calls somebody else.

Callers of the service are told one thing whatever it was: of a network they may learn nothing from
here. The reason is for the log of those who run it.
"""

from common.errors.root import CelshadeError


class OutboundError(CelshadeError):
    """Branch: an address that a caller named could not be called."""

    code = "invalid_param"
    default = "There was no answer from that address."


class BadTarget(OutboundError):
    """Raised when an address is not of the form that is called; its text says what is."""


class NoAnswer(OutboundError):
    """Raised when nobody answered: no such name, forbidden, closed, silent, broken, or too slow.

    Args:
        why: What it was, for the log alone.
    """

    def __init__(self, why: str = "no reason given") -> None:
        super().__init__()
        self.why = why
