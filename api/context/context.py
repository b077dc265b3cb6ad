"""The context: everything that a request is served with, joined once per process by `app.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any

from flask import Flask, current_app, g, request

from api.auth.authenticator import Authenticator
from api.auth.origin_guard import OriginGuard
from api.catalog.catalog import Catalog
from api.http.response_cache import ResponseCache
from api.long_poll.long_poll import LongPoll
from common.callers import Caller, Scope
from common.errors import Forbidden
from common.jobstore import JobStore
from common.objects.base import ObjectStore
from common.outbound.http_client import OutboundClient
from common.photos import PhotoLimits
from common.queue.hints import HintPublisher
from common.schemas.links import Links
from common.settings import Settings

NAME = "celshade"


class Application(Flask):
    """Flask without what none of our routes needs."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Take a function as it is; Flask looks ten times a request whether it is a coroutine."""
        return func


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The real parts of this process.

    Attributes:
        settings: The process's settings.
        store: The job store.
        objects: Where pictures lie.
        hints: Tells workers of new work.
        authenticator: Who may ask.
        origin_guard: Under which names we answer, and to which pages.
        catalog: Styles and load, at most a second old.
        long_poll: Threads that wait for jobs to end.
        response_cache: What was last said of ended jobs.
        photo_limits: What photos are accepted.
        downloads: How many archives may be sent at once: each keeps a thread.
        outbound: Calls addresses that callers choose.
        fetches: How many photos may be fetched at once: each keeps a thread.
    """

    settings: Settings
    store: JobStore
    objects: ObjectStore
    hints: HintPublisher
    authenticator: Authenticator
    origin_guard: OriginGuard
    catalog: Catalog
    long_poll: LongPoll
    response_cache: ResponseCache
    photo_limits: PhotoLimits
    downloads: BoundedSemaphore
    outbound: OutboundClient
    fetches: BoundedSemaphore

    def close(self) -> None:
        """Stop waiting and close the connections to the job store."""
        self.long_poll.close()
        self.store.redis.close()


def current_context() -> Context:
    """The parts of the application that serves this request."""
    found: Context = current_app.extensions[NAME]
    return found


def check_origin(*, page_blueprint: str) -> None:
    """Refuse requests to a host that is not ours, or from foreign pages; runs before each request.

    Args:
        page_blueprint: Name of the blueprint of our own pages, which any site may link to.

    Raises:
        Forbidden: It may not come in.
    """
    here, is_page = current_context(), request.blueprint == page_blueprint
    here.origin_guard.check(request, is_open=here.authenticator.seem_open, is_page=is_page)


def identify_caller() -> Caller:
    """Say who sent this request; looked up once and remembered for the log.

    Raises:
        Unauthorized: Nobody known.
        StoreUnavailable: It cannot be known now.
    """
    if "caller" not in g:
        g.caller = current_context().authenticator.identify(request.headers.get("Authorization"))
    caller: Caller = g.caller
    return caller


def require_caller(scope: Scope) -> Caller:
    """Say who sent this request.

    Raises:
        Unauthorized: Nobody known.
        Forbidden: Somebody without that scope.
        StoreUnavailable: It cannot be known now.
    """
    caller = identify_caller()
    if scope not in caller.scopes:
        raise Forbidden(f"This key lacks the scope '{scope}'.")
    return caller


def require_jobs_caller() -> None:
    """Let only callers through who may work with jobs; runs before each request of `/v1`."""
    require_caller(Scope.JOBS)


def current_caller() -> Caller:
    """Who sent this request; only where `require_caller` ran before."""
    caller: Caller = g.caller
    return caller


def current_links() -> Links:
    """Makes the links of this request's answer."""
    here = current_context()
    return Links(
        here.objects,
        base_url=here.origin_guard.base_url(request),
        url_ttl_s=here.settings.url_ttl_s,
    )
