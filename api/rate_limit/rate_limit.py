"""Request limits: how many requests of a caller are answered in a minute. Owns Flask-Limiter.

The requests are counted in the job store, by a script of ours behind Flask-Limiter's own door for
storages: one round trip counts and tells what is left, where its Redis storage takes three, and
when the job store is away the request is refused with 503 like any other. Callers without a limit
cost nothing.

The headers are those of draft-ietf-httpapi-ratelimit-headers-11: `RateLimit-Policy` says the rule,
`RateLimit` what is left of it (`r`, requests) and until when (`t`, seconds). `Retry-After` of an
open job is about that job, and may be sooner.
"""

import math
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from flask_limiter import Limiter, RequestLimit
from limits.storage import Storage

from api.context.context import current_context, identify_caller
from common.errors import Forbidden, RateLimited, StoreUnavailable
from common.jobstore.rate_limits import RateLimits, RateLimitWindow

_WINDOWS_END = "Request windows end by themselves; nothing begins one anew."

WINDOW_S = 60
POLICY = "requests"


@dataclass(frozen=True, slots=True)
class RequestQuota:
    """What a caller has left of its minute.

    Attributes:
        limit: Requests that are answered in a minute.
        left: Of them, after this one.
        reset_s: Whole seconds until the next minute begins, rounded up.
    """

    limit: int
    left: int
    reset_s: int


class JobStoreStorage(Storage):
    """Flask-Limiter's way to the job store's windows.

    It counts, and remembers for the request what the count was; nobody else's can be asked for.

    Args:
        uri: Of no use: the job store has its own address.
        windows: The job store's.
    """

    STORAGE_SCHEME = ["celshade"]  # noqa: RUF012 - the library's base class says how it is typed

    def __init__(self, uri: str, windows: RateLimits, **_: float | str | bool) -> None:
        super().__init__(uri)
        self._windows = windows

    @property
    def base_exceptions(self) -> type[Exception]:
        """What it raises when it cannot count."""
        return StoreUnavailable

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a request and return how many there were."""
        g.request_window = self._windows.count(key, window_s=expiry, amount=amount)
        return self.get(key)

    def get(self, key: str) -> int:
        """How many requests there were when this one was counted."""
        window: RateLimitWindow = g.request_window
        return window.counted

    def get_expiry(self, key: str) -> float:
        """When the window is over, seconds since the epoch by this machine's clock."""
        window: RateLimitWindow = g.request_window
        return time.time() + window.left_s

    def check(self) -> bool:
        """Whether it may be tried: always; a request that cannot be counted is refused."""
        return True

    def reset(self) -> int | None:
        """Refuse: the library asks for it only when told to; nobody here lifts all limits."""
        raise Forbidden(_WINDOWS_END)

    def clear(self, key: str) -> None:
        """Refuse, as `reset`."""
        raise Forbidden(_WINDOWS_END)


class _ShortcutLimiter(Limiter):
    """Flask-Limiter, asked only where there is a limit.

    Its look at its rules costs every other request 45 us.

    Args:
        key_func: As Flask-Limiter's.
        is_needed: Whether the request at hand has a limit.
        options: As Flask-Limiter's.
    """

    def __init__(
        self, key_func: Callable[[], str], *, is_needed: Callable[[], bool], **options: Any
    ) -> None:
        super().__init__(key_func, **options)
        self._is_needed = is_needed

    def _check_request_limit(
        self, callable_name: str | None = None, in_middleware: bool = True
    ) -> None:
        if self._is_needed():
            super()._check_request_limit(callable_name, in_middleware)


def register(app: Flask, *, exempt: Iterable[Blueprint]) -> None:
    """Limit the requests of an application's callers.

    Args:
        app: The application; its parts are joined.
        exempt: Routes that ask nobody who he is.
    """
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "windows": app.extensions["celshade"].store.rate_limits
    }
    free = {blueprint.name for blueprint in exempt}
    limiter = _ShortcutLimiter(
        lambda: identify_caller().name,
        is_needed=lambda: _is_limited(free),
        application_limits=[_rule],
        strategy="fixed-window",
        storage_uri="celshade://",
        on_breach=_refuse,
        swallow_errors=False,
        in_memory_fallback_enabled=False,
        headers_enabled=False,
    )
    limiter.init_app(app)
    # Left to the library, should the shortcut above once pass it by.
    limiter.request_filter(lambda: not _is_limited(free))
    app.after_request(_tell)


def current_quota() -> RequestQuota | None:
    """What this request's caller has left of its minute; None when it has no limit."""
    window: RateLimitWindow | None = g.get("request_window")
    limit = _limit()
    if window is None or limit is None:
        return None
    return RequestQuota(limit, max(limit - window.counted, 0), math.ceil(window.left_s))


def _is_limited(free: Collection[str]) -> bool:
    # Where no route matched, nobody is asked who he is: what he is told is that.
    return request.endpoint is not None and request.blueprint not in free and _limit() is not None


def _limit() -> int | None:
    """Requests that this request's caller has in a minute."""
    return (
        identify_caller().share.requests_per_minute
        or current_context().settings.requests_per_minute
    )


def _rule() -> str:
    """The limit in the library's words; only asked for where there is one."""
    return f"{_limit()} per {WINDOW_S} second"


def _refuse(_: RequestLimit) -> None:
    quota = current_quota()
    raise RateLimited(retry_after_s=quota.reset_s if quota else WINDOW_S)


def _tell(response: Response) -> Response:
    quota = current_quota() if "request_window" in g else None
    if quota is not None:
        response.headers["RateLimit-Policy"] = f'"{POLICY}";q={quota.limit};w={WINDOW_S}'
        response.headers["RateLimit"] = f'"{POLICY}";r={quota.left};t={quota.reset_s}'
    return response
