"""The web pages and their files: the same for everybody, without a key.

They contain no data of a caller: a page uses `/v1` like any other client, with the key from its
user.
"""

from pathlib import Path

from flask import Blueprint, Response, request

from api.context.context import current_context
from api.web.content_security_policy import content_security_policy, picture_origins
from api.web.static_files import StaticFile, StaticFiles
from common.errors import NotFound

pages = Blueprint("pages", __name__)

FILES = StaticFiles(Path(__file__).parent / "page")
# Path of a page -> its file.
ADDRESSES = {"/": "index.html", "/ops": "ops.html"}
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"  # 304 when nothing has changed


def _show_page() -> Response:
    context = current_context()
    response = _file_response(_file(ADDRESSES[request.path]), REVALIDATE)
    origins = picture_origins(context.objects, context.settings.public_url)
    response.headers["Content-Security-Policy"] = content_security_policy(origins)
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    return response


for _address in ADDRESSES:
    pages.add_url_rule(_address, view_func=_show_page, methods=["GET"])


@pages.get("/page/<digest>/<path:name>")
def show_file(digest: str, name: str) -> Response:
    """Send a file of a page.

    During a rollout, a page of one release may request files from a process of another: it gets
    those there, uncached.
    """
    return _file_response(_file(name), IMMUTABLE if digest == FILES.digest else REVALIDATE)


def path_of(name: str) -> str:
    """Return the path of a static file, relative to a page."""
    return f"page/{FILES.digest}/{name}"


def _file(name: str) -> StaticFile:
    file = FILES.get(name)
    if file is None:
        raise NotFound
    return file


def _file_response(file: StaticFile, cache_control: str) -> Response:
    response = Response(file.body, content_type=file.content_type)
    response.headers["Cache-Control"] = cache_control
    response.set_etag(file.etag)
    response.make_conditional(request.environ)
    return response
