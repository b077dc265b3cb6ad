"""Celery as the carrier of hints: names, configuration, publishing.

A message says only "there is work in this line"; the job store is the truth. So a lost message
costs a second, a doubled one nothing. Names come from here alone: the sender never imports the
worker. The figures are explained in docs/adr/0001-job-store-is-the-truth.md.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from celery import Celery
from celery.app.amqp import task_message
from kombu import Queue
from kombu.exceptions import OperationalError

from common.errors import ConfigurationError, StoreUnavailable
from common.jobstore.redis_keys import PREFIX
from common.settings import Settings

_log = logging.getLogger(__name__)

TASK_NAME = "celshade.render"
MIN_KOMBU = (5, 7)
PUBLISH_PAUSE_S = 5.0
CONSUMER_TIMEOUT_S = 5.0
CONSUMER_CONNECT_TIMEOUT_S = 2.0


def queue_name(line: str) -> str:
    """Name of the Celery queue that carries a line's hints."""
    return f"line.{line}"


def queue_of(line: str) -> Queue:
    """The Celery queue of a line; always passed as an object, so that a typo fails."""
    name = queue_name(line)
    return Queue(name, routing_key=name)


# What kombu takes for establishing a connection: one more try at once, then fail. Its own default
# keeps a caller for six seconds when the broker refuses connections.
FAIL_FAST = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}


def make_celery(settings: Settings, *, publish_timeout_s: float | None = None) -> Celery:
    """Make the Celery application of a process.

    Args:
        settings: Where the broker is.
        publish_timeout_s: Longest wait of one broker call for a process that only publishes: it
            fails fast. None for a consumer, which waits for its broker as long as it takes.

    Raises:
        ConfigurationError: kombu is too old to restore messages in bounded time.
    """
    found = version("kombu")
    if tuple(int(part) for part in found.split(".")[:2]) < MIN_KOMBU:
        raise ConfigurationError(f"kombu {found} is too old; install kombu >= 5.7.")
    app = Celery("celshade", broker=settings.effective_broker_url, set_as_current=False)
    app.conf.update(
        task_acks_late=True,  # an orderly stop gives hints back
        task_acks_on_failure_or_timeout=True,  # a failure is recorded in the store, never requeued
        task_ignore_result=True,
        result_backend=None,
        task_serializer="json",
        accept_content=["json"],
        task_create_missing_queues=False,  # names come from queue_of: a typo must fail
        task_publish_retry=False,  # fail fast in the request; the keeper tops hints up
        task_send_sent_event=False,
        worker_send_task_events=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,  # with it a worker exits when Redis goes away
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,  # Redis at its memory limit is an outage like any other
        broker_transport_options={
            "visibility_timeout": 900,  # longer than any job; the lease gives the speed
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "unacked_mutex_expire": 10,
            "socket_timeout": publish_timeout_s or CONSUMER_TIMEOUT_S,
            "socket_connect_timeout": publish_timeout_s or CONSUMER_CONNECT_TIMEOUT_S,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "global_keyprefix": PREFIX,
            "body_encoding": None,  # JSON stays JSON: Base64 would be a third more memory
            **(FAIL_FAST if publish_timeout_s else {}),
        },
    )
    return app


class HintPublisher:
    """Publishes hints without ever failing its caller.

    After a failure it skips publishing for a while: the keeper sees what is missing.

    Args:
        app: The Celery application.
        clock: Monotonic seconds.
    """

    def __init__(self, app: Celery, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._silent_until_s = 0.0
        self._lock = threading.Lock()

    def publish(self, line: str, key: str) -> bool:
        """Send one hint; answers whether it was sent.

        Args:
            line: The line that has work.
            key: The render's key, for the logs.
        """
        with self._lock:
            if self._clock() < self._silent_until_s:
                return False
        try:
            self._send(line, key)
        except Exception as error:
            # Whatever the transport raises, the job is recorded already: the answer stays 202.
            with self._lock:
                self._silent_until_s = self._clock() + PUBLISH_PAUSE_S
            _log.warning("hint not published: %s", error, extra={"render": key})
            return False
        return True

    def _send(self, line: str, key: str) -> None:
        """Publish the smallest message that Celery's protocol 2 allows.

        There is one for each waiting render, and `send_task` would add a kilobyte of headers that
        say nothing here: a hint has no result, no parent, no limits, and is never retried.
        Source: https://docs.celeryq.dev/en/stable/internals/protocol.html
        """
        headers = {"task": TASK_NAME, "id": secrets.token_hex(8)}
        body: tuple[Any, ...] = ((line, key), {}, {})
        message = task_message(headers=headers, properties={}, body=body, sent_event=None)
        with self._app.producer_or_acquire() as producer:
            self._app.amqp.send_task_message(producer, TASK_NAME, message, queue=queue_of(line))


class HintQueues:
    """Looks at the hint queues, for the keeper."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def length(self, line: str) -> int:
        """How many hints wait in a line's queue.

        Raises:
            StoreUnavailable: The broker does not answer.
        """
        return int(self._on_channel(self._length, queue_name(line)))

    def delete(self, line: str) -> None:
        """Delete a line's queue with all its hints.

        Raises:
            StoreUnavailable: The broker does not answer.
        """
        self._on_channel(lambda channel, name: channel.queue_purge(name), queue_name(line))

    @staticmethod
    def _length(channel: Any, name: str) -> int:
        # Not `passive`: kombu 5.7 then looks for the name without the global key prefix and finds
        # nothing. Declaring costs nothing in Redis: a list exists while it has entries.
        return int(channel.queue_declare(name).message_count)

    def _on_channel(self, work: Callable[[Any, str], Any], name: str) -> Any:
        connection = self._app.connection_for_write()
        try:
            with connection:
                return work(connection.default_channel, name)
        except tuple(_failures(connection)) as error:
            raise StoreUnavailable("The broker does not answer.") from error


def _failures(connection: Any) -> list[type[Exception]]:
    """What a transport raises when its broker is away."""
    return [OperationalError, OSError, *connection.connection_errors]
