"""Check results of `celshade doctor`: what was checked, its status, what to do about it. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """Status of a check."""

    GOOD = "good"
    BAD = "bad"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of one check.

    Attributes:
        name: What, in a word or two.
        status: Whether it is as it should be.
        text: A sentence about it.
        advice: What to do; empty when nothing is to be done.
    """

    name: str
    status: CheckStatus
    text: str
    advice: str = ""


def good(name: str, text: str) -> CheckResult:
    """All is well."""
    return CheckResult(name, CheckStatus.GOOD, text)


def bad(name: str, text: str, advice: str) -> CheckResult:
    """Something is wrong."""
    return CheckResult(name, CheckStatus.BAD, text, advice)


def note(name: str, text: str, advice: str = "") -> CheckResult:
    """Neither, but good to know."""
    return CheckResult(name, CheckStatus.NOTE, text, advice)
