"""Counts the files that one request runs through: Python and Lua, over a real Redis.

    python -m tools.trace

A Python file counts if the request calls a function of it, a Lua file if a script that the request
calls is built from it. The application runs in this process, the job store in the embedded server.
What only the first request of a process does is not counted.
"""

import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from PIL import Image
from pydantic import SecretStr
from werkzeug.test import TestResponse

from api.app import create_app
from api.context.context import NAME, Context
from common.jobstore.leases import LineOffer, WorkerState
from common.jobstore.lua_build import files_of
from common.processes import child_processes
from common.settings import Settings
from common.styles import line_of
from deploy.local import redis_server

ROOT = Path(__file__).resolve().parents[2]
SIDE_PX = 512
READY_S = 30.0
GRACE_S = 10.0
STYLE, VERSION = "flat", "v1"


def main() -> int:
    """Print the files of a submission and of a poll; return the exit code."""
    with tempfile.TemporaryDirectory() as folder, _application(Path(folder)) as app:
        client, say = app.test_client(), sys.stdout.write
        client.post("/v1/jobs", data=_form(0))
        submitted, files = _traced(app, lambda: client.post("/v1/jobs", data=_form(1)))
        say(_shown("a submission that misses the cache", files))
        address = f"/v1/jobs/{submitted.get_json()['id']}"
        client.get(address)
        _, files = _traced(app, lambda: client.get(address))
        say(_shown("a poll of an open job", files))
    return 0


@contextmanager
def _application(folder: Path) -> Iterator[Flask]:
    """Run the application with its own job store, which knows one style."""
    (folder / "redis").mkdir()
    server = redis_server.prepare(folder / "redis")
    with (folder / "redis.log").open("ab") as log:
        child = child_processes.start_child(server.command(), stdout=log, stderr=log)
    try:
        child_processes.wait_until_ready(child, server.is_ready, name="redis", timeout_s=READY_S)
        url = SecretStr(server.url)
        app = create_app(Settings(redis_url=url, objects="local", data_dir=folder / "data"))
        context: Context = app.extensions[NAME]
        offer = LineOffer(line_of(STYLE, VERSION), STYLE, VERSION, "{}", 0.1, 1)
        context.store.leases("trace").heartbeat(
            name="trace", device="none", state=WorkerState.READY, offers=[offer]
        )
        yield app
        context.close()
    finally:
        child_processes.stop_child(child, grace_s=GRACE_S)


def _traced(app: Flask, request: Callable[[], TestResponse]) -> tuple[TestResponse, set[Path]]:
    """Send a request; return the response and the files that it ran through."""
    redis = app.extensions[NAME].store.redis
    names: set[str] = set()
    verbs: set[str] = set()
    call = redis.call

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            names.add(frame.f_code.co_filename)

    def note_verb(verb: str, /, **arguments: Any) -> Any:
        verbs.add(verb)
        return call(verb, **arguments)

    redis.call = note_verb
    sys.setprofile(note)
    try:
        response = request()
    finally:
        sys.setprofile(None)
        redis.call = call
    paths = {Path(name) for name in names if name.startswith(f"{ROOT}/")}
    own = {path for path in paths if path.parts[len(ROOT.parts)] in ("api", "common")}
    return response, own.union(*map(files_of, verbs))


def _form(number: int) -> dict[str, tuple[io.BytesIO, str]]:
    """Return the form of a unique photo, as a browser would send it."""
    file = io.BytesIO()
    Image.new("RGB", (SIDE_PX, SIDE_PX), (number, 99, 199)).save(file, "jpeg")
    return {"image": (io.BytesIO(file.getvalue()), "photo.jpg")}


def _shown(title: str, files: set[Path]) -> str:
    listed = "".join(f"  {path.relative_to(ROOT)}\n" for path in sorted(files))
    lua = sum(path.suffix == ".lua" for path in files)
    return f"{title}: {len(files)} files, {lua} of them Lua\n{listed}"


if __name__ == "__main__":
    sys.exit(main())
