"""Errors of outbound calls.

Callers always get the same text, so that they learn nothing about a network. The reason is only for
the log.
"""

from common.errors.root import CelshadeError


class OutboundError(CelshadeError):
    """Branch: an address that a caller named could not be called."""

    code = "invalid_param"
    default = "There was no answer from that address."


class BadTarget(OutboundError):
    """Raised when an address does not have the accepted form; its text says why."""


class NoAnswer(OutboundError):
    """Raised when there was no answer: unknown name, forbidden, closed, broken, or too slow.

    Args:
        why: The reason, only for the log.
    """

    def __init__(self, why: str = "no reason given") -> None:
        super().__init__()
        self.why = why
