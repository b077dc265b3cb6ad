"""The context: the dependencies of every request, created once per process by `app.py`."""

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
from api.submissions.result_check import ResultCheck
from api.submissions.submission import Submitter
from api.uploads.photo_fetch import PhotoFetcher
from common.callers import Caller, Scope
from common.errors import Forbidden
from common.jobstore import JobStore
from common.objects.base import ObjectStore
from common.outbound.http_client import OutboundClient
from common.photos import PhotoLimits
from common.schemas.links import Links
from common.settings import Settings

NAME = "celshade"


class Application(Flask):
    """Flask without features that no route needs."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is; Flask checks ten times per request for a coroutine."""
        return func


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The dependencies of this process.

    Attributes:
        settings: The process's settings.
        store: The job store.
        objects: The object store of photos and pictures.
        authenticator: Identifies callers.
        origin_guard: Which host names and pages are accepted.
        catalog: Styles and load, at most a second old.
        long_poll: Threads that wait for jobs to end.
        response_cache: Recent responses about ended jobs.
        photo_limits: What photos are accepted.
        downloads: How many archives may be sent at once; each occupies a thread.
        outbound: Sends requests to addresses that callers choose.
        photo_fetcher: Fetches photos from addresses.
        result_check: Checks that pictures are still in the storage.
        submitter: Brings submissions into the job store.
    """

    settings: Settings
    store: JobStore
    objects: ObjectStore
    authenticator: Authenticator
    origin_guard: OriginGuard
    catalog: Catalog
    long_poll: LongPoll
    response_cache: ResponseCache
    photo_limits: PhotoLimits
    downloads: BoundedSemaphore
    outbound: OutboundClient
    photo_fetcher: PhotoFetcher
    result_check: ResultCheck
    submitter: Submitter

    def close(self) -> None:
        """Stop waiting and close the connections to the job store."""
        self.long_poll.close()
        self.store.redis.close()


def current_context() -> Context:
    """Return the context of the application that serves this request."""
    found: Context = current_app.extensions[NAME]
    return found


def check_origin(*, page_blueprint: str) -> None:
    """Refuse requests to a foreign host or from a foreign page; runs before each request.

    Args:
        page_blueprint: Name of the blueprint of our own pages, which any site may link to.

    Raises:
        Forbidden: It is not allowed.
    """
    context, is_page = current_context(), request.blueprint == page_blueprint
    context.origin_guard.check(request, is_open=context.authenticator.appears_open, is_page=is_page)


def identify_caller() -> Caller:
    """Identify the caller of this request; done once and kept for the log.

    Raises:
        Unauthorized: The caller is unknown.
        StoreUnavailable: The keys cannot be checked now.
    """
    if "caller" not in g:
        g.caller = current_context().authenticator.identify(request.headers.get("Authorization"))
    caller: Caller = g.caller
    return caller


def require_caller(scope: Scope) -> Caller:
    """Return the caller of this request.

    Raises:
        Unauthorized: The caller is unknown.
        Forbidden: Its key lacks that scope.
        StoreUnavailable: The keys cannot be checked now.
    """
    caller = identify_caller()
    if scope not in caller.scopes:
        raise Forbidden(f"This key lacks the scope '{scope}'.")
    return caller


def require_jobs_caller() -> None:
    """Require the scope `jobs`; runs before each request of `/v1`."""
    require_caller(Scope.JOBS)


def current_caller() -> Caller:
    """Return the caller of this request; only after `require_caller`."""
    caller: Caller = g.caller
    return caller


def current_links() -> Links:
    """Return the builder of links for this request's response."""
    context = current_context()
    return Links(
        context.objects,
        base_url=context.origin_guard.base_url(request),
        url_ttl_s=context.settings.url_ttl_s,
    )
