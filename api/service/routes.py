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
    """Return the limits."""
    return json_response(LimitsBody.of(current_context().settings, current_caller()))


@v1.get("/usage")
def usage() -> Response:
    """Return what the caller has used, and what is left."""
    context, caller = current_context(), current_caller()
    today = context.store.usage.today(caller.name)
    return json_response(
        UsageBody.of(today, caller=caller, settings=context.settings, quota=current_quota())
    )


@v1.get("/queue")
def queue() -> Response:
    """Return how busy the service is."""
    return json_response(LoadBody.of(current_context().store.overviews.overview()))


@probes.get("/healthz")
def healthz() -> Response:
    """Report that this process is alive, whatever its dependencies do."""
    return json_response(HealthBody())


@probes.get("/readyz")
def readyz() -> Response:
    """Report whether work can be accepted now, and what is wrong if not."""
    context = current_context()
    checks = {"job store": context.store.overviews.overview, "storage": context.objects.probe}
    with ThreadPoolExecutor(len(checks)) as pool:  # in parallel: both may take their whole timeout
        failures = dict(zip(checks, pool.map(_failure_of, checks.values()), strict=True))
    errors = {name: error for name, error in failures.items() if error is not None}
    if not errors:
        return json_response(ReadinessBody(workers=WorkersBody.of(context.catalog.overview())))
    return problem(
        next(iter(errors.values())).code,
        " ".join(str(error) for error in errors.values()),
        faults=[(name, str(error)) for name, error in errors.items()],
    )


@probes.get("/metrics")
def show_metrics() -> Response:
    """Return the metrics, for operators."""
    require_caller(Scope.ADMIN)
    text = metrics.render(current_context().store.overviews.overview)
    return Response(text, content_type=metrics.CONTENT_TYPE)


def _failure_of(check: Callable[[], object]) -> ServiceError | None:
    try:
        check()
    except ServiceError as error:
        return error
    return None
