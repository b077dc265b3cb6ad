"""The floor under a hit: a bare Flask application that takes the same upload and hashes it.

gunicorn serves it as it comes, with as many processes and threads as the API has. It must do
nothing that a hit does not have to do: read the photo, hash it, ask Redis, answer.
"""

import hashlib
from secrets import token_hex

import redis
from flask import Flask, request
from flask.typing import ResponseReturnValue

from common.settings import load_settings

RECORD_S = 60
FIELDS = {"status": "succeeded", "cache": "hit", "style": "ink-filter"}


def create_app() -> Flask:
    """Make the application; it asks the Redis of the settings."""
    app = Flask(__name__)
    store = redis.Redis.from_url(load_settings().redis_url.get_secret_value())

    def digest() -> str:
        return hashlib.sha256(request.files["image"].stream.read()).hexdigest()

    @app.get("/")
    def ready() -> ResponseReturnValue:
        return "ready"

    @app.post("/bare")
    def bare() -> ResponseReturnValue:
        return {"sha256": digest()}

    @app.post("/round-trips/<int:count>")
    def round_trips(count: int) -> ResponseReturnValue:
        """Write one record, as a hit does, and read it in every other round trip."""
        name = f"benchmark:{token_hex(16)}"
        store.eval(
            "redis.call('hset', KEYS[1], unpack(ARGV)) redis.call('expire', KEYS[1], 60)",
            1,
            name,
            *(text for pair in FIELDS.items() for text in pair),
        )
        for _ in range(count - 1):
            store.hgetall(name)
        return {"sha256": digest()}

    return app
