"""Parts: everything a request is served with, joined once per process by `app.py`."""

from dataclasses import dataclass
from threading import BoundedSemaphore

from flask import current_app, g, request

from api.callers import Callers
from api.catalog import Catalog
from api.front_door import FrontDoor
from api.kept_answers import KeptAnswers
from api.waiting import Waiting
from common.answers.links import Links
from common.callers import Caller, Scope
from common.outbound.caller import Outbound
from common.photos import PhotoLimits
from common.queue import HintPublisher
from common.settings import Settings
from common.storage.base import ObjectStore
from common.store import JobStore

NAME = "celshade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The real parts of this process.

    Attributes:
        settings: The process's settings.
        store: The job store.
        objects: Where pictures lie.
        hints: Tells workers of new work.
        callers: Who may ask.
        front_door: Under which names we answer, and to which pages.
        catalog: Styles and load, at most a second old.
        waiting: Threads that wait for jobs to end.
        kept_answers: What was last said of ended jobs.
        photo_limits: What photos are accepted.
        downloads: How many archives may be sent at once: each keeps a thread.
        outbound: Calls addresses that callers choose.
        fetches: How many photos may be fetched at once: each keeps a thread.
    """

    settings: Settings
    store: JobStore
    objects: ObjectStore
    hints: HintPublisher
    callers: Callers
    front_door: FrontDoor
    catalog: Catalog
    waiting: Waiting
    kept_answers: KeptAnswers
    photo_limits: PhotoLimits
    downloads: BoundedSemaphore
    outbound: Outbound
    fetches: BoundedSemaphore

    def close(self) -> None:
        """Stop waiting and close the connections to the job store."""
        self.waiting.close()
        self.store.scripts.close()


def parts() -> Parts:
    """The parts of the application that serves this request."""
    found: Parts = current_app.extensions[NAME]
    return found


def identify_caller() -> Caller:
    """Say who sent this request; looked up once and remembered for the log.

    Raises:
        Unauthorized: Nobody known.
        StoreUnavailable: It cannot be known now.
    """
    if "caller" not in g:
        g.caller = parts().callers.identify(request.headers.get("Authorization"))
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
    caller.require(scope)
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
    here = parts()
    return Links(
        here.objects,
        base_url=here.front_door.base_url(request),
        url_ttl_s=here.settings.url_ttl_s,
    )
