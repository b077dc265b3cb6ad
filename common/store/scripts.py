"""The way to Redis: loads the scripts, calls them, and lets no foreign error through.

Each verb is a `.lua` file beside this one. In front of it go constants (the table of job states,
the policy's figures), the clock and the shared functions of `scripts/lib/`. Nothing else in the
service talks to Redis, apart from Celery's transport.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.retry import Retry

from common import jobs
from common.errors import QueueFull, StoreUnavailable
from common.store.keys import PREFIX
from common.store.policy import REMEMBERED_CODES, Policy, sentences

_log = logging.getLogger(__name__)
_FOLDER = Path(__file__).parent / "scripts"
# Version of the records. Fields are only ever added, and read as absent where a record is older:
# 1 had no `eta` and no `failed_by` in renders; 2 had metadata in one piece, however long.
SCHEMA = 3
RETRY_AFTER_S = 2
MIN_SERVER = (7, 0)

# Redis' own time, in milliseconds; tests put a clock of theirs here.
REDIS_CLOCK = """\
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""


def _lua(value: object) -> str:
    """Write a constant as a Lua literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"[{_lua(str(k))}]={_lua(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "{" + ",".join(_lua(item) for item in value) + "}"
    raise TypeError(f"no Lua literal for {type(value)}")


def _constants(policy: Policy) -> str:
    """The Lua text of everything the scripts take from Python."""
    figures = {name: getattr(policy, name) for name in policy.__slots__}
    figures["remembered"] = dict.fromkeys(REMEMBERED_CODES, True)
    figures["messages"] = sentences()
    moves = {
        str(before): {str(after): True for after in sorted(afters)}
        for before, afters in jobs.TRANSITIONS.items()
    }
    return "\n".join(
        [
            f"local K = {_lua(PREFIX)}",
            f"local SCHEMA = {SCHEMA}",
            f"local P = {_lua(figures)}",
            f"local MOVES = {_lua(moves)}",
            f"local OPEN = {_lua(dict.fromkeys(sorted(map(str, jobs.OPEN)), True))}",
            f"local RETRYABLE = {_lua(dict.fromkeys(sorted(map(str, jobs.RETRYABLE)), True))}",
            "local EMPTY = {}",
        ]
    )


def compose(policy: Policy, clock: str = REDIS_CLOCK) -> dict[str, str]:
    """Return the whole text of each verb's script, by verb.

    Args:
        policy: The figures to write into them.
        clock: Lua text that defines `now`, milliseconds since the epoch.
    """
    library = "\n".join(path.read_text() for path in sorted((_FOLDER / "lib").glob("*.lua")))
    texts = {}
    for path in sorted(_FOLDER.glob("*.lua")):
        shebang, _, body = path.read_text().partition("\n")
        texts[path.stem] = "\n".join([shebang, _constants(policy), clock, library, body])
    return texts


class Scripts:
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
            retry=Retry(NoBackoff(), 0),
        )
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
            # A restarted Redis leaves every pooled connection broken: begin with a new one.
            self._redis.connection_pool.disconnect(inuse_connections=False)
            try:
                answer = self._run(verb, _encode({**given, "repeated": True}))
            except redis.RedisError as again:
                raise _unavailable(verb, again) from again
        except redis.RedisError as error:
            raise _unavailable(verb, error) from error
        return json.loads(answer) if answer != "ok" else None

    def _run(self, verb: str, text: str) -> str:
        try:
            return self._evaluate(verb, text)
        except redis.exceptions.NoScriptError:
            self._redis.script_load(self._texts[verb])
            return self._evaluate(verb, text)

    def _evaluate(self, verb: str, text: str) -> str:
        return str(self._redis.evalsha(self._shas[verb], 0, text))

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


def _encode(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, separators=(",", ":"))


def _unavailable(verb: str, error: redis.RedisError) -> QueueFull | StoreUnavailable:
    """Map Redis' errors; what they say goes to the log, never to a caller."""
    if isinstance(error, redis.exceptions.OutOfMemoryError) or "OOM" in str(error):
        return QueueFull(retry_after_s=RETRY_AFTER_S)
    _log.warning("redis refused %s: %s", verb, error)
    return StoreUnavailable(retry_after_s=RETRY_AFTER_S)
