"""Rate limiting: how many requests a caller may send per minute (docs/adr/0013-rate-limit.md).

A fixed window per caller, counted in the job store and so shared by all API processes: one script
call counts a request and returns what is left of the window. A request that cannot be counted is
refused with 503. Callers without a limit are not counted and cost no round trip.

The headers are those of draft-ietf-httpapi-ratelimit-headers-11: `RateLimit-Policy` states the
limit, `RateLimit` how many requests remain (`r`) and when the window resets (`t`, seconds). The
`Retry-After` of an open job is about polling that job, and may be sooner.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, g, request

from api.context.context import current_context, identify_caller
from common.errors import RateLimited

WINDOW_S = 60
POLICY = "requests"


@dataclass(frozen=True, slots=True)
class RequestQuota:
    """What a caller has left of its window.

    Attributes:
        limit: Requests that are answered per window.
        left: Requests that remain after this one.
        reset_s: Whole seconds until the window resets, rounded up.
    """

    limit: int
    left: int
    reset_s: int


def register(app: Flask, *, exempt: Iterable[Blueprint]) -> None:
    """Limit the request rate of an application's callers.

    Args:
        app: The application; hooks that are registered earlier run before a request is counted.
        exempt: Blueprints whose routes need no caller.
    """
    free = frozenset(blueprint.name for blueprint in exempt)

    @app.before_request
    def _limit_rate() -> None:
        # Where no route matched, the answer is 404 or 405, and no caller is identified.
        if request.endpoint is not None and request.blueprint not in free:
            _count_request()

    app.after_request(_add_headers)


def current_quota() -> RequestQuota | None:
    """What this request's caller has left of its window; None when it was not counted."""
    quota: RequestQuota | None = g.get("request_quota")
    return quota


def _count_request() -> None:
    context, caller = current_context(), identify_caller()
    limit = caller.share.requests_per_minute or context.settings.requests_per_minute
    if limit is None:
        return
    window = context.store.rate_limits.count(caller.name, window_s=WINDOW_S)
    left, reset_s = max(limit - window.counted, 0), math.ceil(window.left_s)
    g.request_quota = RequestQuota(limit, left, reset_s)
    if window.counted > limit:
        raise RateLimited(retry_after_s=reset_s)


def _add_headers(response: Response) -> Response:
    quota = current_quota()
    if quota is not None:
        response.headers["RateLimit-Policy"] = f'"{POLICY}";q={quota.limit};w={WINDOW_S}'
        response.headers["RateLimit"] = f'"{POLICY}";r={quota.left};t={quota.reset_s}'
    return response
