"""Kept answers: what this process last said of ended jobs, to be said again while nothing changes.

An ended job is asked for again and again, and its answer takes longer to make than all the rest of
the request. Whether its record is still the same, only the job store knows: it is asked each time.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST = 512  # of some 2 kB each; those with long metadata have 20
# Links in an answer are signed when it is made: said again, they have so much less of their life.
KEPT_S = 60.0
LINK_SHARE = 0.1  # where their life is short, no more than this part of it


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for what: two who differ in this are not told the same.

    Attributes:
        job_id: The job.
        caller: Name of the caller.
        base_url: What the answer's links begin with.
    """

    job_id: str
    caller: str
    base_url: str


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """An answer as it was given.

    Attributes:
        mark: Names the state of the record that it tells of.
        etag: Its entity tag.
        text: Its body.
    """

    mark: str
    etag: str
    text: str


class ResponseCache:
    """The answers of one process, the latest `most`. Safe to use from several threads.

    Args:
        most: How many are kept.
        clock: Monotonic seconds.
    """

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Question, tuple[float, CachedResponse]] = OrderedDict()

    def find(self, question: Question) -> CachedResponse | None:
        """Return what was said, unless that is too long ago."""
        with self._lock:
            until_s, answer = self._kept.get(question, (0.0, None))
            if answer is not None and self._clock() >= until_s:
                del self._kept[question]
                return None
            return answer

    def keep(self, question: Question, answer: CachedResponse, *, links_live_s: float) -> None:
        """Remember what was said, in place of the oldest.

        Args:
            question: Who asked for what.
            answer: What was said.
            links_live_s: Seconds until the first link in it expires.
        """
        until_s = self._clock() + min(KEPT_S, LINK_SHARE * links_live_s)
        with self._lock:
            self._kept.pop(question, None)
            self._kept[question] = until_s, answer
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
