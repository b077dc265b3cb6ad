"""The application: connects the context and the routes. Contains no business rules."""

from functools import partial
from threading import BoundedSemaphore

from flask import Flask

from api.admin import openapi as admin_openapi
from api.admin import routes as admin
from api.archives import openapi as archives_openapi
from api.archives import routes as archives
from api.auth.authenticator import Authenticator
from api.auth.key_cache import KeyCache
from api.auth.keys_file import KeysFile
from api.auth.origin_guard import OriginGuard, may_be_open
from api.batches import openapi as batches_openapi
from api.batches import routes as batches
from api.catalog.catalog import Catalog
from api.context.context import NAME, Application, Context, check_origin
from api.files import openapi as files_openapi
from api.files import routes as files
from api.http import access_log, cors, problems
from api.http.response_cache import ResponseCache
from api.images import openapi as images_openapi
from api.images import routes as images
from api.jobs import event_routes, result_routes
from api.jobs import openapi as jobs_openapi
from api.jobs import routes as jobs
from api.long_poll.long_poll import LongPoll
from api.openapi.operation import Operation
from api.rate_limit import rate_limit
from api.reference import routes as reference
from api.service import openapi as service_openapi
from api.service import routes as service
from api.submissions.result_check import ResultCheck
from api.submissions.submission import Submitter
from api.uploads.photo_fetch import PhotoFetcher
from api.web import routes as web
from api.webhooks import openapi as webhooks_openapi
from api.webhooks import routes as webhooks
from api.webhooks.events_openapi import EVENTS
from common.jobstore import JobStore
from common.objects.factory import open_store
from common.outbound.http_client import OutboundClient
from common.photos import PhotoLimits
from common.queue.celery_app import make_celery
from common.queue.hints import HintPublisher
from common.settings import Settings

# Together they keep a 503 within 3 s: a request that cannot be served fails fast, as a retry of the
# client is worth more than one here.
STORE_TIMEOUT_S = 1.0
STORAGE_TIMEOUT_S = 2.5
STORAGE_ATTEMPTS = 1
HINT_TIMEOUT_S = 0.5  # of each of two tries

REFERENCE_STYLE = "css/reference.css"  # of the page at /docs
# The operations of the OpenAPI document, by endpoint, in its order.
OPERATIONS: dict[str, Operation] = {
    endpoint: operation
    for module in (
        jobs_openapi,
        batches_openapi,
        images_openapi,
        webhooks_openapi,
        service_openapi,
        admin_openapi,
        files_openapi,
        archives_openapi,
    )
    for endpoint, operation in module.OPERATIONS.items()
}


def create_app(settings: Settings) -> Flask:
    """Build the application of one process; Redis need not be up yet.

    Raises:
        ConfigurationError: The keys file is invalid.
        StorageUnavailable: The directory of the local store cannot be created or written.
    """
    app = Application("api", static_folder=None)
    app.url_map.merge_slashes = False  # a path with double slashes is not another path
    app.extensions[NAME] = open_context(settings)
    is_https = (settings.public_url or "").startswith("https:")
    access_log.register(app, is_https=is_https)
    problems.register(app)
    cors.register(app, settings.cors_origins)
    app.before_request(partial(check_origin, page_blueprint=web.pages.name))
    rate_limit.register(
        app, exempt=(service.probes, reference.v1, web.pages, files.files, archives.files)
    )
    for blueprint in (
        jobs.v1,
        event_routes.v1,
        batches.v1,
        images.v1,
        archives.v1,
        archives.files,
        result_routes.v1,
        files.files,
        service.v1,
        webhooks.v1,
        service.probes,
        admin.v1,
        web.pages,
    ):
        app.register_blueprint(blueprint)
    reference.register(
        app, settings, operations=OPERATIONS, events=EVENTS, style=web.path_of(REFERENCE_STYLE)
    )
    return app


def open_context(settings: Settings) -> Context:
    """Create the context; arguments and errors as of `create_app`."""
    keys_file = KeysFile(settings.keys_file) if settings.keys_file else None
    store = JobStore.from_settings(settings, timeout_s=STORE_TIMEOUT_S)
    objects = open_store(
        settings,
        timeout_s=STORAGE_TIMEOUT_S,
        attempts=STORAGE_ATTEMPTS,
        connections=settings.api_threads,
    )
    catalog, outbound = Catalog(store.overviews.overview), OutboundClient.from_settings(settings)
    result_check = ResultCheck(store.outputs, objects)
    few = max(1, settings.api_threads // 4)  # each of what follows occupies a thread
    return Context(
        settings=settings,
        store=store,
        objects=objects,
        authenticator=Authenticator(
            keys_file, KeyCache(store.api_keys), may_be_open=may_be_open(settings)
        ),
        origin_guard=OriginGuard(settings.public_url, settings.cors_origins),
        catalog=catalog,
        long_poll=LongPoll(
            store.redis.listen,
            max_waiting=settings.api_threads // 2,
            max_watching=few,
        ),
        response_cache=ResponseCache(),
        photo_limits=PhotoLimits.of(settings),
        downloads=BoundedSemaphore(few),
        outbound=outbound,
        photo_fetcher=PhotoFetcher(outbound, settings, most=few),
        result_check=result_check,
        submitter=Submitter(
            submissions=store.submissions,
            objects=objects,
            hints=HintPublisher(make_celery(settings, publish_timeout_s=HINT_TIMEOUT_S)),
            catalog=catalog,
            result_check=result_check,
        ),
    )
