"""A tiny application behind the real server: `python -m tests.integration.api.intake_app SPEC`.

SPEC is JSON: `port`, `run_dir`, `limits`, and optionally `host` and `fault` (a sentence with which
the application refuses to start).
"""

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request

from api.http.connection import STOPPING
from api.server.limits import IntakeLimits
from api.server.server import serve
from api.uploads.multipart import read_photo_upload
from common.errors import CelshadeError, ConfigurationError
from common.settings import Settings

HOLD_S = 60.0
STATUS = {
    "malformed_request": 400,
    "request_timeout": 408,
    "upload_too_large": 413,
    "unsupported_media_type": 415,
    "queue_full": 503,
}


def application(run_dir: Path, limits: IntakeLimits) -> Flask:
    """Build the routes: a GET, a body, a photo, an early answer, a request that is held."""
    app = Flask(__name__)

    @app.errorhandler(CelshadeError)
    def refused(error: CelshadeError) -> Response:
        answer = jsonify(code=error.code, detail=str(error))
        answer.status_code = STATUS[error.code]
        if error.retry_after_s:
            answer.headers["Retry-After"] = str(error.retry_after_s)
        return answer

    @app.route("/", methods=["GET", "POST"])
    def unread() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/body")
    def body() -> dict[str, object]:
        seen = hashlib.sha256()
        size_bytes = 0
        while chunk := request.stream.read(64 * 1024):
            seen.update(chunk)
            size_bytes += len(chunk)
        return {"sha256": seen.hexdigest(), "size_bytes": size_bytes}

    @app.post("/photo")
    def photo() -> dict[str, object]:
        with read_photo_upload(request, max_image_bytes=limits.max_upload_bytes) as upload:
            return {
                "sha256": upload.sha256,
                "size_bytes": upload.size_bytes,
                "fields": upload.fields,
            }

    @app.get("/hold")
    @app.get("/hold-until-stopping", defaults={"until_stopping": True})
    def hold(until_stopping: bool = False) -> dict[str, bool]:
        """Answer when released, or when the process says that it stops."""
        is_stopping = request.environ[STOPPING]
        (run_dir / "holding").touch()
        until_s = time.monotonic() + HOLD_S
        while not (run_dir / "release").exists() and time.monotonic() < until_s:
            if until_stopping and is_stopping():
                break
            time.sleep(0.02)
        return {"held": True}

    return app


def main(spec: dict[str, Any]) -> None:
    """Serve as the spec says."""
    run_dir = Path(spec["run_dir"])
    limits = IntakeLimits(**spec["limits"])

    def create_app(_: Settings) -> Flask:
        if spec.get("fault"):
            raise ConfigurationError(spec["fault"])
        return application(run_dir, limits)

    settings = Settings(
        api_host=spec.get("host", "127.0.0.1"), api_port=spec["port"], run_dir=run_dir
    )
    try:
        serve(settings, create_app, limits=limits)
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
