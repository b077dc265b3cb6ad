"""The service's description of itself: for programs at `/openapi.json`, for people at `/docs`."""

from collections.abc import Mapping

from flask import Blueprint, Flask, Response, current_app, request

from api.context.context import current_context
from api.openapi.events import Event
from api.openapi.operation import Operation
from api.reference.descriptions import Descriptions, Text
from common.settings import Settings

v1 = Blueprint("docs", __name__)

NAME = "celshade-descriptions"
ASK_AGAIN = "no-cache"  # 304 when nothing has changed
# Its own style and nothing else: the page has no script.
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def register(
    app: Flask,
    settings: Settings,
    *,
    operations: Mapping[str, Operation],
    events: Mapping[str, Event],
    style: str,
) -> None:
    """Let an application describe itself.

    Args:
        app: The application; its routes may still come.
        settings: The public address.
        operations: What is said of each endpoint.
        events: What it sends by webhook, by name.
        style: Where the page finds its style, relative to the page.
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
    """Show the service in OpenAPI 3.1."""
    return _sent(
        _descriptions().document(is_open=current_context().authenticator.appears_open),
        "application/json",
    )


@v1.get("/docs")
def show_page() -> Response:
    """Show the same as a page."""
    response = _sent(
        _descriptions().page(is_open=current_context().authenticator.appears_open), "text/html"
    )
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _descriptions() -> Descriptions:
    found: Descriptions = current_app.extensions[NAME]
    return found


def _sent(text: Text, media_type: str) -> Response:
    response = Response(text.body, mimetype=media_type)
    response.headers["Cache-Control"] = ASK_AGAIN
    response.set_etag(text.etag)
    response.make_conditional(request.environ)
    return response
