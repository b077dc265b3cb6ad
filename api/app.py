"""The application: joins the real parts and the routes. No business rule lives here."""

from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Any

from flask import Flask, request

from api import cors, problems, request_limits, request_log
from api.callers import Callers
from api.catalog import Catalog
from api.front_door import FrontDoor, may_be_open
from api.kept_answers import KeptAnswers
from api.keys_file import KeysFile
from api.known_keys import KnownKeys
from api.parts import NAME, Parts, parts
from api.routes import (
    admin,
    archives,
    batches,
    docs,
    events,
    images,
    jobs,
    page,
    pictures,
    service,
    webhooks,
)
from api.waiting import Waiting
from common.outbound.caller import Outbound
from common.photos import PhotoLimits
from common.queue import HintPublisher, make_celery
from common.settings import Settings
from common.storage.factory import open_store
from common.store import JobStore

# Together they keep a 503 within 3 s: a request that cannot be served fails fast, and the client's
# retry is worth more than ours.
STORE_TIMEOUT_S = 1.0
STORAGE_TIMEOUT_S = 2.5
STORAGE_ATTEMPTS = 1
HINT_TIMEOUT_S = 0.5  # of each of two tries


class Application(Flask):
    """Flask without what none of our routes needs."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Take a function as it is; Flask looks ten times a request whether it is a coroutine."""
        return func


def create_app(settings: Settings) -> Flask:
    """Build the application of one process; Redis need not be there yet.

    Raises:
        ConfigurationError: The keys file cannot be used.
        StorageUnavailable: The local store's directory cannot be made or written.
    """
    app = Application("api", static_folder=None)
    app.url_map.merge_slashes = False  # an address with a trick in it is no other address
    app.extensions[NAME] = join_parts(settings)
    is_https = (settings.public_url or "").startswith("https:")
    request_log.register(app, is_https=is_https)
    problems.register(app)
    cors.register(app, settings.cors_origins)
    app.before_request(_check_front_door)
    request_limits.register(
        app, exempt=(service.probes, docs.v1, page.pages, pictures.files, archives.files)
    )
    for blueprint in (
        jobs.v1,
        events.v1,
        batches.v1,
        images.v1,
        archives.v1,
        archives.files,
        pictures.v1,
        pictures.files,
        service.v1,
        webhooks.v1,
        service.probes,
        admin.v1,
        page.pages,
    ):
        app.register_blueprint(blueprint)
    docs.register(app, settings)
    return app


def join_parts(settings: Settings) -> Parts:
    """Open everything a request is served with; arguments and errors as of `create_app`."""
    keys_file = KeysFile(settings.keys_file) if settings.keys_file else None
    store = JobStore.from_settings(settings, timeout_s=STORE_TIMEOUT_S)
    return Parts(
        settings=settings,
        store=store,
        objects=open_store(
            settings,
            timeout_s=STORAGE_TIMEOUT_S,
            attempts=STORAGE_ATTEMPTS,
            connections=settings.api_threads,
        ),
        hints=HintPublisher(make_celery(settings, publish_timeout_s=HINT_TIMEOUT_S)),
        callers=Callers(keys_file, KnownKeys(store.keyring), may_be_open=may_be_open(settings)),
        front_door=FrontDoor(settings.public_url, settings.cors_origins),
        catalog=Catalog(store.upkeep.overview),
        waiting=Waiting(
            store.scripts.listen,
            most=settings.api_threads // 2,
            most_watching=max(1, settings.api_threads // 4),
        ),
        kept_answers=KeptAnswers(),
        photo_limits=PhotoLimits.of(settings),
        downloads=BoundedSemaphore(max(1, settings.api_threads // 4)),
        outbound=Outbound.from_settings(settings),
        fetches=BoundedSemaphore(max(1, settings.api_threads // 4)),
    )


def _check_front_door() -> None:
    here = parts()
    is_page = request.blueprint == page.pages.name
    here.front_door.check(request, is_open=here.callers.seem_open, is_page=is_page)
