"""The way to Redis: loads the scripts, calls them, and lets no foreign error through.

Each verb is a `.lua` file in `scripts/`; `composition.py` says what goes in front of it. Nothing
else in the service talks to Redis, apart from Celery's transport.
"""

import json
import logging
import os
import threading
from collections.abc import Iterator
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.retry import Retry

from common.errors import QueueFull, StoreUnavailable
from common.jobstore.lua_build import REDIS_CLOCK, compose
from common.jobstore.policy import Policy

_log = logging.getLogger(__name__)
RETRY_AFTER_S = 2
MIN_SERVER = (7, 0)
_NO_LIMIT = 2**31  # of connections: there are as many as threads, whoever starts those limits them
_encode = json.JSONEncoder(separators=(",", ":")).encode  # `dumps` would make one for each call


class _Thread(threading.local):
    """What a thread has of its own: its client, and the process that made it."""

    client: redis.Redis | None = None
    pid = 0


class RedisClient:
    """Calls the scripts of one Redis. Safe to use from several threads; connects when first used.

    Args:
        url: Address of Redis.
        policy: The scripts' figures.
        timeout_s: Longest wait for a connection and for an answer, seconds.
        clock: See `compose`.
    """

    def __init__(
        self, url: str, policy: Policy, *, timeout_s: float = 1.0, clock: str = REDIS_CLOCK
    ) -> None:
        self.policy = policy
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            socket_keepalive=True,
            decode_responses=True,
            max_connections=_NO_LIMIT,
            retry=Retry(NoBackoff(), 0),
        )
        self._thread = _Thread()
        self._texts = compose(policy, clock)
        self._shas = {verb: self._redis.register_script(t).sha for verb, t in self._texts.items()}

    def call(self, verb: str, /, **arguments: Any) -> Any:
        """Run a verb atomically and return its decoded answer.

        It is run once more when the connection broke. The second try says so (`repeated`), and the
        verbs are written so that it does no harm after a lost answer.

        Args:
            verb: Name of the script.
            arguments: The script's one argument, as JSON.

        Raises:
            QueueFull: Redis is at its memory limit.
            StoreUnavailable: Redis does not answer or refuses.
        """
        # Lua reads JSON's null as a value of its own that is true: what is None is left out.
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            answer = self._run(verb, _encode(given))
        except redis.ConnectionError as error:
            if isinstance(error, redis.BusyLoadingError):
                raise _unavailable(verb, error) from error
            try:
                answer = self._run(verb, _encode({**given, "repeated": True}))
            except redis.RedisError as again:
                raise _unavailable(verb, again) from again
        except redis.RedisError as error:
            raise _unavailable(verb, error) from error
        return json.loads(answer) if answer != "ok" else None

    def _run(self, verb: str, text: str) -> str:
        try:
            return self._send("EVALSHA", self._shas[verb], 0, text)
        except redis.exceptions.NoScriptError:
            self._send("SCRIPT LOAD", self._texts[verb])
            return self._send("EVALSHA", self._shas[verb], 0, text)

    def _send(self, *words: str | int) -> str:
        """Send a command over this thread's own connection, and return its answer.

        Not by redis-py's own methods, which wrap retries, a pool and statistics around a command.
        """
        connection = self._own()
        try:
            connection.send_command(*words)
            return str(connection.read_response())
        except redis.ResponseError:
            raise  # an answer like any other, read to its end
        except BaseException:
            connection.disconnect()  # an answer that is still to come is nobody's
            raise

    def _own(self) -> Any:
        """This thread's own connection, which redis-py leaves untyped.

        A pool asks the system at each call whether the connection still stands, which costs as much
        as sending the command, and hands the interpreter to other threads. A connection that broke
        is met by the second try.
        """
        own = self._thread
        if own.client is None or own.pid != os.getpid():  # a child made by fork has none yet
            own.client = redis.Redis(
                connection_pool=self._redis.connection_pool, single_connection_client=True
            )
            own.pid = os.getpid()
        return own.client.connection

    def check_server(self) -> None:
        """Return when the server answers and is one we can use.

        Raises:
            StoreUnavailable: It does not answer, or it is too old.
        """
        try:
            found = str(self._redis.info("server")["redis_version"])
        except redis.RedisError as error:
            raise _unavailable("info", error) from error
        if tuple(int(part) for part in found.split(".")[:2]) < MIN_SERVER:
            raise StoreUnavailable(f"Redis {found} is too old; use Redis >= 7.0 or Valkey.")

    def used_memory_share(self) -> float:
        """Share of `maxmemory` in use, 0 when there is no limit."""
        try:
            memory = self._redis.info("memory")
        except redis.RedisError as error:
            raise _unavailable("info", error) from error
        limit = int(memory.get("maxmemory", 0))
        return int(memory["used_memory"]) / limit if limit else 0.0

    def listen(self, channel: str) -> Iterator[str | None]:
        """Yield what is published on a channel, and None once a second when nothing is.

        Raises:
            StoreUnavailable: The connection broke; messages meanwhile are lost.
        """
        try:
            with PubSub(self._redis.connection_pool, ignore_subscribe_messages=True) as pubsub:
                pubsub.subscribe(channel)
                while True:
                    message = pubsub.get_message(timeout=1.0)
                    yield str(message["data"]) if message else None
        except redis.RedisError as error:
            raise _unavailable("listen", error) from error

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()


def _unavailable(verb: str, error: redis.RedisError) -> QueueFull | StoreUnavailable:
    """Map Redis' errors; what they say goes to the log, never to a caller."""
    if isinstance(error, redis.exceptions.OutOfMemoryError) or "OOM" in str(error):
        return QueueFull(retry_after_s=RETRY_AFTER_S)
    _log.warning("redis refused %s: %s", verb, error)
    return StoreUnavailable(retry_after_s=RETRY_AFTER_S)
