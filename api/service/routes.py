"""The service itself: styles, limits, load, probes and metrics."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint, Response

from api.context.context import current_caller, current_context, require_caller, require_jobs_caller
from api.http.json_response import json_response
from api.http.problems import problem
from api.rate_limit.rate_limit import current_quota
from api.service import metrics
from api.service.schemas import (
    HealthBody,
    LimitsBody,
    LoadBody,
    ReadinessBody,
    StylesBody,
    WorkersBody,
)
from api.service.usage_schemas import UsageBody
from common.callers import Scope
from common.errors import ServiceError

v1 = Blueprint("service", __name__, url_prefix="/v1")
v1.before_request(require_jobs_caller)

probes = Blueprint("probes", __name__)


@v1.get("/styles")
def styles() -> Response:
    """List the styles that workers have offered."""
    return json_response(StylesBody.of(current_context().catalog.offers()))


@v1.get("/limits")
def limits() -> Response:
    """Tell what is accepted."""
    return json_response(LimitsBody.of(current_context().settings, current_caller()))


@v1.get("/usage")
def usage() -> Response:
    """Tell the caller what it has used up, and what is left."""
    here, caller = current_context(), current_caller()
    today = here.store.usage.today(caller.name)
    return json_response(
        UsageBody.of(today, caller=caller, settings=here.settings, quota=current_quota())
    )


@v1.get("/queue")
def queue() -> Response:
    """Tell how busy the service is."""
    return json_response(LoadBody.of(current_context().store.overviews.overview()))


@probes.get("/healthz")
def healthz() -> Response:
    """Say that this process lives, whatever the others do."""
    return json_response(HealthBody())


@probes.get("/readyz")
def readyz() -> Response:
    """Say whether work could be taken in now, and what is wrong if not."""
    here = current_context()
    checks = {"job store": here.store.overviews.overview, "storage": here.objects.probe}
    with ThreadPoolExecutor(len(checks)) as pool:  # at once: both may need their whole time
        failures = dict(zip(checks, pool.map(_failure_of, checks.values()), strict=True))
    found = {name: error for name, error in failures.items() if error is not None}
    if not found:
        return json_response(ReadinessBody(workers=WorkersBody.of(here.catalog.overview())))
    return problem(
        next(iter(found.values())).code,
        " ".join(str(error) for error in found.values()),
        faults=[(name, str(error)) for name, error in found.items()],
    )


@probes.get("/metrics")
def show_metrics() -> Response:
    """Write the metrics, for callers who look after the service."""
    require_caller(Scope.ADMIN)
    text = metrics.render(current_context().store.overviews.overview)
    return Response(text, content_type=metrics.CONTENT_TYPE)


def _failure_of(check: Callable[[], object]) -> ServiceError | None:
    try:
        check()
    except ServiceError as error:
        return error
    return None
