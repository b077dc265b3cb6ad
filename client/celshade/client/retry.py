"""Retries: exponential pauses with jitter, never shorter than the server's `Retry-After`.

`RetryPolicy` is pure; `repeat` is the one loop of this package that tries again.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from celshade.client.errors import CelshadeError

T = TypeVar("T")
Sleep = Callable[[float], object]

_random = secrets.SystemRandom()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a request is repeated.

    The defaults outlast a restart of the server: 26 to 36 seconds in all.

    Attributes:
        retries: Most repetitions after the first try; 0 never repeats.
        first_pause_s: Pause before the first one; it doubles from then on.
        longest_pause_s: Cap of the doubling.
        longest_retry_after_s: A server that asks for more than this is not waited for.
    """

    retries: int = 7
    first_pause_s: float = 0.5
    longest_pause_s: float = 10.0
    longest_retry_after_s: float = 60.0

    def pause_s(self, tried: int, error: CelshadeError, jitter: float) -> float | None:
        """Choose the pause before the next try, seconds; None when there is to be none.

        Args:
            tried: Tries that have failed so far, from 1.
            error: How the last one failed.
            jitter: In [0, 1]; spreads callers who failed together over a quarter of the pause.
        """
        if not error.passes or tried > self.retries:
            return None
        asked_s = error.retry_after_s or 0.0
        if asked_s > self.longest_retry_after_s:
            return None
        doubled_s = min(self.longest_pause_s, self.first_pause_s * 2.0 ** (tried - 1))
        return max(doubled_s * 0.75, asked_s) + doubled_s * 0.25 * jitter

    def limited_to(self, retries: int) -> "RetryPolicy":
        """The same policy with fewer repetitions."""
        return replace(self, retries=min(retries, self.retries))


def repeat(action: Callable[[], T], policy: RetryPolicy, sleep: Sleep) -> T:
    """Do something until it succeeds, or the policy says that it is no use.

    Raises:
        CelshadeError: How the last try failed.
    """
    tried = 0
    while True:
        tried += 1
        try:
            return action()
        except CelshadeError as error:
            pause_s = policy.pause_s(tried, error, _random.random())
            if pause_s is None:
                raise
        sleep(pause_s)


def read_retry_after_s(value: str | None, now: datetime | None = None) -> float | None:
    """Read a `Retry-After` header, seconds or a date (RFC 9110, 10.2.3); None when unusable."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        due = parsedate_to_datetime(value)
    except ValueError:
        return None
    if due.tzinfo is None:  # "-0000": the zone is unknown, the time is UTC
        due = due.replace(tzinfo=UTC)
    return max(0.0, (due - (now or datetime.now(UTC))).total_seconds())
