"""OpenAPI operations of the service: styles, limits, probes and documents."""

from http import HTTPStatus

from api.openapi.operation import Content, Operation, Response, Tag
from api.service.schemas import HealthBody, LimitsBody, LoadBody, ReadinessBody, StylesBody
from api.service.usage_schemas import UsageBody
from common.callers import Scope


def _ok(model: type, description: str) -> tuple[Response, ...]:
    return (Response(HTTPStatus.OK, description, (Content(model=model),)),)


_UNCHANGED = Response(HTTPStatus.NOT_MODIFIED, "Nothing has changed.", (), ("ETag",))

OPERATIONS: dict[str, Operation] = {
    "service.styles": Operation(
        id="list_styles",
        tag=Tag.SERVICE,
        summary="The styles there are",
        description="Those that workers have offered; one is the default.",
        responses=_ok(StylesBody, "All styles."),
    ),
    "service.limits": Operation(
        id="get_limits",
        tag=Tag.SERVICE,
        summary="What is accepted",
        description="Check before you upload.",
        responses=_ok(LimitsBody, "The limits of this caller."),
    ),
    "service.usage": Operation(
        id="get_usage",
        tag=Tag.SERVICE,
        summary="What you have used up",
        responses=_ok(UsageBody, "Today's usage, and what is left."),
    ),
    "service.queue": Operation(
        id="get_queue",
        tag=Tag.SERVICE,
        summary="How busy the service is",
        responses=_ok(LoadBody, "The lines and their workers."),
    ),
    "probes.healthz": Operation(
        id="get_health",
        tag=Tag.SERVICE,
        summary="Whether this process lives",
        responses=_ok(HealthBody, "It does."),
        scope=None,
        asks_job_store=False,
    ),
    "probes.readyz": Operation(
        id="get_readiness",
        tag=Tag.SERVICE,
        summary="Whether work can be taken in",
        responses=_ok(ReadinessBody, "It can."),
        problems=("storage_unavailable",),
        scope=None,
    ),
    "probes.show_metrics": Operation(
        id="get_metrics",
        tag=Tag.SERVICE,
        summary="Metrics for Prometheus",
        responses=(
            Response(
                HTTPStatus.OK,
                "The job store's view of the whole service.",
                (Content("text/plain", schema={"type": "string"}),),
            ),
        ),
        scope=Scope.ADMIN,
    ),
    "docs.show_document": Operation(
        id="get_openapi",
        tag=Tag.SERVICE,
        summary="This document",
        responses=(
            Response(
                HTTPStatus.OK,
                "The service in OpenAPI 3.1.",
                (Content(schema={"type": "object", "required": ["openapi", "paths"]}),),
                ("ETag",),
            ),
            _UNCHANGED,
        ),
        headers=("If-None-Match",),
        scope=None,
        asks_job_store=False,
    ),
    "docs.show_page": Operation(
        id="get_docs",
        tag=Tag.SERVICE,
        summary="This document as a page",
        responses=(
            Response(
                HTTPStatus.OK,
                "A page for people.",
                (Content("text/html", schema={"type": "string"}),),
                ("ETag",),
            ),
            _UNCHANGED,
        ),
        headers=("If-None-Match",),
        scope=None,
        asks_job_store=False,
    ),
}
