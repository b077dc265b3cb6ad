"""The response cache: recent responses about ended jobs, sent again while nothing has changed.

Clients poll ended jobs again and again, and building the response takes longer than the rest of the
request. Only the job store knows whether the record is unchanged, so it is asked each time.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MAX_RESPONSES = 512  # of about 2 kB each; 20 kB with long metadata
# Links are signed when a response is built: a cached one leaves them this much less of their life.
MAX_AGE_S = 60.0
MAX_LINK_AGE_SHARE = 0.1  # no more than this share of a short life


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What a response depends on besides the record.

    Attributes:
        job_id: The job.
        caller: Name of the caller.
        base_url: The base of its links.
    """

    job_id: str
    caller: str
    base_url: str


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A response as it was sent.

    Attributes:
        mark: Identifies the state of the record that it shows.
        etag: Its entity tag.
        text: Its body.
    """

    mark: str
    etag: str
    text: str


class ResponseCache:
    """The latest `max_responses` responses of one process. Safe to use from several threads.

    Args:
        max_responses: Capacity.
        clock: Monotonic seconds.
    """

    def __init__(
        self, max_responses: int = MAX_RESPONSES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_responses = max_responses
        self._clock = clock
        self._lock = threading.Lock()
        self._responses: OrderedDict[CacheKey, tuple[float, CachedResponse]] = OrderedDict()

    def get(self, key: CacheKey) -> CachedResponse | None:
        """Return the cached response, unless it has expired."""
        with self._lock:
            expires_s, response = self._responses.get(key, (0.0, None))
            if response is not None and self._clock() >= expires_s:
                del self._responses[key]
                return None
            return response

    def put(self, key: CacheKey, response: CachedResponse, *, links_live_s: float) -> None:
        """Store a response, in place of the oldest.

        Args:
            key: What it depends on.
            response: The response.
            links_live_s: Seconds until the first link in it expires.
        """
        expires_s = self._clock() + min(MAX_AGE_S, MAX_LINK_AGE_SHARE * links_live_s)
        with self._lock:
            self._responses.pop(key, None)
            self._responses[key] = expires_s, response
            if len(self._responses) > self._max_responses:
                self._responses.popitem(last=False)
