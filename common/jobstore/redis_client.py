"""The Redis client: loads the scripts, calls them, and turns Redis' errors into ours.

Each verb is a `.lua` file in `lua/`; `lua_build.py` adds what it needs. Nothing else in the service
talks to Redis, apart from Celery's transport.
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
_NO_LIMIT = 2**31  # connections; each thread has one, so the number of threads limits them
_encode = json.JSONEncoder(separators=(",", ":")).encode  # `dumps` would build one for each call


class _Thread(threading.local):
    """A thread's own client, and the process that made it."""

    client: redis.Redis | None = None
    pid = 0


class RedisClient:
    """Calls the scripts of one Redis. Thread-safe; connects when first used.

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

        If the connection broke, the call is repeated once, marked as `repeated`. The verbs are
        written so that repeating them after a lost answer is safe.

        Args:
            verb: Name of the script.
            arguments: The script's one argument, as JSON.

        Raises:
            QueueFull: Redis is at its memory limit.
            StoreUnavailable: Redis does not answer or refuses.
        """
        # In Lua, JSON's null is a true value, so None is left out.
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

        redis-py's own methods would add retries, a pool and statistics to each command.
        """
        connection = self._own()
        try:
            connection.send_command(*words)
            return str(connection.read_response())
        except redis.ResponseError:
            raise  # a complete answer: the connection is fine
        except BaseException:
            connection.disconnect()  # a late answer must not be read by the next call
            raise

    def _own(self) -> Any:
        """Return this thread's own connection, which redis-py leaves untyped.

        A pool would check the connection before each call. That costs as much as sending the
        command, and releases the GIL. A broken connection is handled by repeating the call.
        """
        own = self._thread
        if own.client is None or own.pid != os.getpid():  # after a fork
            own.client = redis.Redis(
                connection_pool=self._redis.connection_pool, single_connection_client=True
            )
            own.pid = os.getpid()
        return own.client.connection

    def check_server(self) -> None:
        """Return if the server answers and is supported.

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
        """Return the share of `maxmemory` in use; 0 if there is no limit."""
        try:
            memory = self._redis.info("memory")
        except redis.RedisError as error:
            raise _unavailable("info", error) from error
        limit = int(memory.get("maxmemory", 0))
        return int(memory["used_memory"]) / limit if limit else 0.0

    def listen(self, channel: str) -> Iterator[str | None]:
        """Yield the messages of a channel, and None after each second without one.

        Raises:
            StoreUnavailable: The connection broke; messages may be lost.
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
    """Map an error of Redis to ours; its text goes to the log, never to a caller."""
    if isinstance(error, redis.exceptions.OutOfMemoryError) or "OOM" in str(error):
        return QueueFull(retry_after_s=RETRY_AFTER_S)
    _log.warning("redis refused %s: %s", verb, error)
    return StoreUnavailable(retry_after_s=RETRY_AFTER_S)
