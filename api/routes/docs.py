"""The service's description of itself: for programs at `/openapi.json`, for people at `/docs`."""

from flask import Blueprint, Flask, Response, current_app, request

from api.openapi.descriptions import Descriptions, Text
from api.parts import parts
from api.routes.page import FILES
from common.settings import Settings

v1 = Blueprint("docs", __name__)

NAME = "celshade-descriptions"
ASK_AGAIN = "no-cache"  # 304 when nothing has changed
STYLE = "css/reference.css"
# Its own style and nothing else: the page has no script.
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def register(app: Flask, settings: Settings) -> None:
    """Let an application describe itself."""
    app.extensions[NAME] = Descriptions(
        app.url_map, public_url=settings.public_url, style=f"page/{FILES.digest}/{STYLE}"
    )
    app.register_blueprint(v1)


@v1.get("/openapi.json")
def show_document() -> Response:
    """Show the service in OpenAPI 3.1."""
    return _sent(_descriptions().document(is_open=parts().callers.seem_open), "application/json")


@v1.get("/docs")
def show_page() -> Response:
    """Show the same as a page."""
    response = _sent(_descriptions().page(is_open=parts().callers.seem_open), "text/html")
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
