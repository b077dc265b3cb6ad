"""Hints: Celery messages that say only "there is work in this line", and the queues they wait in.

The job store is the truth: a lost hint costs a second, a duplicate costs nothing. All names of
queues and of the task come from here, because the sender never imports the worker.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.app.amqp import task_message
from kombu import Queue
from kombu.exceptions import OperationalError

from common.errors import StoreUnavailable

_log = logging.getLogger(__name__)

TASK_NAME = "celshade.render"
PUBLISH_PAUSE_S = 5.0


def queue_name(line: str) -> str:
    """Name of the Celery queue that carries a line's hints."""
    return f"line.{line}"


def queue_of(line: str) -> Queue:
    """The Celery queue of a line; always passed as an object, so that a typo fails."""
    name = queue_name(line)
    return Queue(name, routing_key=name)


class HintPublisher:
    """Publishes hints; never raises.

    After a failure it skips publishing for a while: the keeper sends what is missing.

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
        """Send one hint; return whether it was sent.

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
            # Whatever the transport raises, the job is already recorded: the answer stays 202.
            with self._lock:
                self._silent_until_s = self._clock() + PUBLISH_PAUSE_S
            _log.warning("hint not published: %s", error, extra={"render": key})
            return False
        return True

    def _send(self, line: str, key: str) -> None:
        """Publish the smallest message that Celery's protocol 2 allows.

        There is one for each waiting render. `send_task` would add a kilobyte of headers that are
        not used here: a hint has no result, no parent and no limits, and is never retried.
        Source: https://docs.celeryq.dev/en/stable/internals/protocol.html
        """
        headers = {"task": TASK_NAME, "id": secrets.token_hex(8)}
        body: tuple[Any, ...] = ((line, key), {}, {})
        message = task_message(headers=headers, properties={}, body=body, sent_event=None)
        with self._app.producer_or_acquire() as producer:
            self._app.amqp.send_task_message(producer, TASK_NAME, message, queue=queue_of(line))


class HintQueues:
    """The hint queues, as the keeper measures and deletes them."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def length(self, line: str) -> int:
        """Return how many hints wait in a line's queue.

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
    """Return the errors of a transport whose broker is unavailable."""
    return [OperationalError, OSError, *connection.connection_errors]
