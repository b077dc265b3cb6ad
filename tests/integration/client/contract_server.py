"""A small real HTTP server that speaks the contract's shapes, and a storage on another origin.

It renders nothing: the bytes of a photo decide what becomes of it, so that a test can ask for each
answer of the contract over real sockets. Everything received is kept for the test to look at.
"""

import hashlib
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PICTURE = b"\xff\xd8\xff\xe0 a finished picture \xff\xd9" * 500
STAGES = ("waiting", "fetching", "decoding", "rendering", "encoding", "storing")

# Bytes that make a photo end otherwise than well.
REFUSED, DAMAGED, ENDLESS, KNOWN = b"too many pixels", b"damaged", b"endless", b"known"


@dataclass
class Request:
    """What one request brought."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class World:
    """What both servers know; a test sets it up and reads it afterwards."""

    key: str | None = None
    pictures: dict[str, bytes] = field(default_factory=dict)
    pace_s: float = 0.0
    faults: deque[tuple[int, dict[str, str], dict[str, Any]]] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    url: str = ""
    storage_url: str = ""
    on_post: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def submissions(self) -> list[Request]:
        """The submissions received, refused ones too."""
        return [seen for seen in self.requests if (seen.method, seen.path) == ("POST", "/v1/jobs")]

    def new_job(self, body: bytes, key: str) -> dict[str, Any]:
        """Make the job of a submission, or find the one its key names."""
        with self.lock:
            if key in self.keys:
                return self.jobs[self.keys[key]]
            job_id = f"job{len(self.jobs)}"
            self.keys[key] = job_id
            self.jobs[job_id] = _job(self.url, job_id, body)
            return self.jobs[job_id]

    def advance(self, job: dict[str, Any]) -> None:
        """Take a job one stage further; an endless one stays in line."""
        if job["status"] not in {"queued", "running"} or job["_fate"] == ENDLESS:
            return
        stage = job["progress"]["stage"]
        if stage != STAGES[-1]:
            job["status"] = "running"
            job["queue"] = {"position": None, "eta_seconds": None}
            job["progress"] = {"stage": STAGES[STAGES.index(stage) + 1]}
        elif job["_fate"] == DAMAGED:
            job["status"] = "failed"
            job["error"] = {
                "code": "decode_failed",
                "message": "The image is damaged: its pixels cannot be decoded.",
                "retryable": False,
            }
        else:
            self.finish(job)

    def finish(self, job: dict[str, Any]) -> None:
        """Give a job its picture."""
        job["status"] = "succeeded"
        job["progress"] = {"stage": None}
        job["output"] = {
            "content_type": "image/jpeg",
            "width": 640,
            "height": 480,
            "size_bytes": len(PICTURE),
            "sha256": hashlib.sha256(PICTURE).hexdigest(),
            "url": f"{self.storage_url}/objects/{job['id']}",
            "url_expires_at": "2030-01-01T00:00:00Z",
        }


def _job(base: str, job_id: str, body: bytes) -> dict[str, Any]:
    fate = next((mark for mark in (DAMAGED, ENDLESS, KNOWN) if mark in body), b"")
    return {
        "id": job_id,
        "status": "queued",
        "style": "ink-filter",
        "params": {"strength": 0.7, "size": 1024, "format": "jpeg", "quality": 92},
        "priority": "normal",
        "run": 1,
        "attempts": 0,
        "created_at": "2026-01-02T03:04:05.678Z",
        "started_at": None,
        "completed_at": None,
        "expires_at": None,
        "queue": {"position": 3, "eta_seconds": 4.2},
        "progress": {"stage": "waiting"},
        "cache": {"status": "hit" if fate == KNOWN else "miss", "age_seconds": None},
        "output": None,
        "execution": None,
        "metrics": {"queue_ms": None, "execution_ms": None, "stages": None},
        "error": None,
        "metadata": {},
        "urls": {"self": f"{base}/v1/jobs/{job_id}", "result": f"{base}/v1/jobs/{job_id}/result"},
        "_fate": fate,
    }


class _Handler(BaseHTTPRequestHandler):
    """Keeps what came and writes JSON answers; each server sets its own `world`."""

    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""

    def receive(self) -> Request:
        """Read the request whole and keep it."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, dict(self.headers.items()), body)
        self.world.requests.append(request)
        return request

    def answer(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        """Write a JSON answer."""
        kind = "application/problem+json" if status >= 400 else "application/json"
        self.send(status, json.dumps(value).encode(), {"Content-Type": kind, **(headers or {})})

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Write an answer."""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status: int, code: str, detail: str) -> None:
        """Write a problem."""
        self.answer(status, {"type": "about:blank", "status": status, "code": code,
                             "title": code, "detail": detail})  # fmt: skip


class Api(_Handler):
    """The service's own origin."""

    def do_GET(self) -> None:
        """Styles, lists, polls and results."""
        self.receive()
        path = self.path.partition("?")[0].split("/")
        if self._unknown_caller():
            return
        if path[2] == "styles":
            style = {"name": "ink-filter", "title": "Ink", "description": "[b]Lines[/b] of ink."}
            self.answer(200, {"data": [{**style, "default": True}]})
        elif len(path) == 3:
            jobs = [_public(job) for job in self.world.jobs.values()]
            self.answer(200, {"data": jobs, "next_cursor": None})
        elif path[3] not in self.world.jobs:
            self.problem(404, "not_found", "There is nothing here.")
        elif len(path) == 5:
            target = f"{self.world.storage_url}/objects/{path[3]}"
            self.send(302, b"", {"Location": target})
        else:
            self._poll(self.world.jobs[path[3]])

    def do_POST(self) -> None:
        """Submissions and cancellations."""
        request = self.receive()
        path = self.path.split("/")
        if self._unknown_caller():
            return
        if len(path) == 5:
            job = self.world.jobs[path[3]]
            job["status"] = "canceled"
            self.answer(200, _public(job))
        elif self.world.faults:
            status, headers, problem = self.world.faults.popleft()
            self.answer(status, problem, headers)
        elif REFUSED in request.body:
            self.problem(422, "too_many_pixels", "The image has too many pixels.")
        else:
            self._accept(self.world.new_job(request.body, request.headers["Idempotency-Key"]))
        self.world.on_post.set()

    def _accept(self, job: dict[str, Any]) -> None:
        if job["_fate"] == KNOWN:
            self.world.finish(job)
        done = job["status"] == "succeeded"
        headers = {"Location": job["urls"]["self"], **({} if done else {"Retry-After": "0"})}
        self.answer(201 if done else 202, _public(job), headers)

    def _poll(self, job: dict[str, Any]) -> None:
        threading.Event().wait(self.world.pace_s)
        self.world.advance(job)
        self.answer(200, _public(job), {"Retry-After": "0"})

    def _unknown_caller(self) -> bool:
        expected = f"Bearer {self.world.key}"
        if self.world.key is None or self.headers.get("Authorization") == expected:
            return False
        self.problem(401, "unauthorized", "Send a valid API key as 'Authorization: Bearer KEY'.")
        return True


class Storage(_Handler):
    """The object storage: another origin, signed links."""

    def do_GET(self) -> None:
        """Hand out the picture."""
        self.receive()
        if not self.path.startswith("/objects/"):
            return self.send(404, b"<html>No such page</html>", {"Content-Type": "text/html"})
        job_id = self.path.rpartition("/")[2]
        picture = self.world.pictures.get(job_id, PICTURE)
        return self.send(200, picture, {"Content-Type": "image/jpeg"})


def _public(job: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in job.items() if not name.startswith("_")}


@contextmanager
def running(world: World) -> Iterator[World]:
    """Run both servers as long as the block lasts."""
    api = ThreadingHTTPServer(("127.0.0.1", 0), type("WorldApi", (Api,), {"world": world}))
    storage = ThreadingHTTPServer(("127.0.0.1", 0), type("Objects", (Storage,), {"world": world}))
    world.url = f"http://127.0.0.1:{api.server_port}"
    world.storage_url = f"http://127.0.0.1:{storage.server_port}"
    threads = [
        threading.Thread(target=server.serve_forever, args=(0.02,)) for server in (api, storage)
    ]
    for thread in threads:
        thread.start()
    try:
        yield world
    finally:
        for server in (api, storage):
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()
