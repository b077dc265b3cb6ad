"""Findings of `celshade doctor`: what was looked at, how it is, and what to do about it. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How something is."""

    GOOD = "good"
    BAD = "bad"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What, in a word or two.
        verdict: How it is.
        text: A sentence about it.
        advice: What to do; empty when nothing is to be done.
    """

    name: str
    verdict: Verdict
    text: str
    advice: str = ""


def good(name: str, text: str) -> Finding:
    """All is well."""
    return Finding(name, Verdict.GOOD, text)


def bad(name: str, text: str, advice: str) -> Finding:
    """Something is wrong."""
    return Finding(name, Verdict.BAD, text, advice)


def note(name: str, text: str, advice: str = "") -> Finding:
    """Neither, but good to know."""
    return Finding(name, Verdict.NOTE, text, advice)
