"""`/openapi.json` and `/docs`: the API reference for programs and for people."""

from collections.abc import Mapping

from flask import Blueprint, Flask, Response, current_app, request

from api.context.context import current_context
from api.openapi.events import Event
from api.openapi.operation import Operation
from api.reference.descriptions import Descriptions, Text
from common.settings import Settings

v1 = Blueprint("docs", __name__)

NAME = "celshade-descriptions"
REVALIDATE = "no-cache"  # 304 when nothing has changed
# Only its own stylesheet: the page has no script.
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def register(
    app: Flask,
    settings: Settings,
    *,
    operations: Mapping[str, Operation],
    events: Mapping[str, Event],
    style: str,
) -> None:
    """Add the API reference to an application.

    Args:
        app: The application; routes may be added later.
        settings: The public URL.
        operations: The operations, by endpoint.
        events: The webhook events, by name.
        style: Path of the stylesheet, relative to the page.
    """
    app.extensions[NAME] = Descriptions(
        app.url_map,
        operations=operations,
        events=events,
        public_url=settings.public_url,
        style=style,
    )
    app.register_blueprint(v1)


@v1.get("/openapi.json")
def show_document() -> Response:
    """Return the OpenAPI document."""
    return _text_response(
        _descriptions().document(is_open=current_context().authenticator.appears_open),
        "application/json",
    )


@v1.get("/docs")
def show_page() -> Response:
    """Return the document as an HTML page."""
    response = _text_response(
        _descriptions().page(is_open=current_context().authenticator.appears_open), "text/html"
    )
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _descriptions() -> Descriptions:
    found: Descriptions = current_app.extensions[NAME]
    return found


def _text_response(text: Text, media_type: str) -> Response:
    response = Response(text.body, mimetype=media_type)
    response.headers["Cache-Control"] = REVALIDATE
    response.set_etag(text.etag)
    response.make_conditional(request.environ)
    return response
