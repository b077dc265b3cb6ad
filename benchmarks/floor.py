"""The floor under the API: a bare Flask application that does what cannot be left out, and no more.

The API's own server serves it, with as many processes and threads: read the photo, hash it, ask
Redis as often, and for a new photo put one object and send one Celery message.

  python -m benchmarks.floor
"""

import hashlib
from secrets import token_hex

import redis
from celery import Celery
from flask import Flask, request
from flask.typing import ResponseReturnValue

from api.server.server import serve
from common.objects.factory import open_store
from common.settings import Settings, load_settings

RECORD_S = 60
FIELDS = {"status": "succeeded", "cache": "hit", "style": "ink-filter"}
POLLED = "benchmark:polled"
QUEUE = "benchmark"


def create_app(settings: Settings) -> Flask:
    """Make the application; it asks the Redis of the settings."""
    app = Flask(__name__)
    store = redis.Redis.from_url(settings.redis_url.get_secret_value())
    for field, text in FIELDS.items():
        store.hset(POLLED, field, text)

    @app.get("/")
    def ready() -> ResponseReturnValue:
        return "ready"

    @app.get("/poll/<int:count>")
    def poll(count: int) -> ResponseReturnValue:
        """Read a record in every round trip."""
        found = [store.hgetall(POLLED) for _ in range(count)]
        return {"status": "succeeded", "fields": len(found[-1])}

    @app.post("/bare")
    def bare() -> ResponseReturnValue:
        return {"sha256": _digest(request.files["image"].stream.read())}

    @app.post("/round-trips/<int:count>")
    def round_trips(count: int) -> ResponseReturnValue:
        """Do what a hit cannot leave out."""
        _record(store, count)
        return {"sha256": _digest(request.files["image"].stream.read())}

    _take_new(app, settings, store)
    return app


def _take_new(app: Flask, settings: Settings, store: "redis.Redis") -> None:
    """Do what a new photo cannot leave out."""
    objects = open_store(settings, timeout_s=5.0, attempts=1, connections=settings.api_threads)
    celery = Celery("floor", broker=settings.effective_broker_url)
    celery.conf.update(task_ignore_result=True, task_default_queue=QUEUE)

    @celery.task(name="benchmark.render")
    def render(key: str) -> None:
        """Nobody runs it."""

    @app.post("/new/<int:count>")
    def new(count: int) -> ResponseReturnValue:
        photo = request.files["image"].stream.read()
        digest = _digest(photo)
        _record(store, count)
        objects.put(f"inputs/{token_hex(16)}", photo, content_type="image/jpeg")
        render.apply_async((digest,))
        return {"sha256": digest}


def _record(store: "redis.Redis", count: int) -> None:
    """Write one record, and read it in every other round trip."""
    name = f"benchmark:{token_hex(16)}"
    store.eval(
        "redis.call('hset', KEYS[1], unpack(ARGV)) redis.call('expire', KEYS[1], 60)",
        1,
        name,
        *(text for pair in FIELDS.items() for text in pair),
    )
    for _ in range(count - 1):
        store.hgetall(name)


def _digest(photo: bytes) -> str:
    return hashlib.sha256(photo).hexdigest()


if __name__ == "__main__":
    serve(load_settings(), create_app)
