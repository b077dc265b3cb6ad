"""Hints: what is published arrives, and a broker that is away costs nobody more than a moment."""

import queue
import socket
from typing import Any

import pytest
import redis
from celery import signals
from celery.contrib.testing.worker import start_worker
from pydantic import SecretStr

from common.errors import StoreUnavailable
from common.queue.celery_app import make_celery
from common.queue.hints import PUBLISH_PAUSE_S, TASK_NAME, HintPublisher, HintQueues, queue_of
from common.settings import Settings

TAKEN_S = 30.0  # generous: the machine may be busy
MOST_BYTES = 600  # Celery's own way of sending makes twice as many


def _settings(url: str) -> Settings:
    return Settings(redis_url=SecretStr(url), objects="local")


def test_a_hint_lies_in_its_lines_queue(clean_redis_url: str) -> None:
    app = make_celery(_settings(clean_redis_url), publish_timeout_s=2.0)
    assert HintPublisher(app).publish("ink.v1", "key")
    queues = HintQueues(app)
    assert queues.length("ink.v1") == 1
    assert queues.length("ink.v2") == 0
    queues.delete("ink.v1")
    assert queues.length("ink.v1") == 0
    app.close()


def test_a_worker_follows_hints_of_both_forms(clean_redis_url: str) -> None:
    taken: queue.Queue[tuple[str, str]] = queue.Queue()
    app = make_celery(_settings(clean_redis_url))
    app.conf.task_queues = [queue_of("ink.v1")]

    def render(line: str, key: str) -> None:
        taken.put((line, key))

    app.task(name=TASK_NAME)(render)
    former: Any = queue_of("ink.v1")
    app.send_task(TASK_NAME, args=("ink.v1", "former"), queue=former)
    assert HintPublisher(app).publish("ink.v1", "now")
    with start_worker(app, pool="threads", perform_ping_check=False, loglevel="ERROR"):
        found = {taken.get(timeout=TAKEN_S) for _ in range(2)}
    assert found == {("ink.v1", "former"), ("ink.v1", "now")}
    assert HintQueues(app).length("ink.v1") == 0
    app.close()


def test_a_hint_is_small(clean_redis_url: str) -> None:
    app = make_celery(_settings(clean_redis_url), publish_timeout_s=2.0)
    HintPublisher(app).publish("ink-filter.0123456789ab", "0" * 64)
    with redis.Redis.from_url(clean_redis_url) as connection:
        (message,) = connection.lrange("celshade:line.ink-filter.0123456789ab", 0, -1)
    assert len(message) <= MOST_BYTES
    app.close()


def test_a_broker_that_is_away_is_left_alone_for_a_while() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    now_s = [0.0]
    app = make_celery(_settings(f"redis://127.0.0.1:{port}/0"), publish_timeout_s=1.0)
    attempts: list[str] = []
    signals.before_task_publish.connect(lambda **_: attempts.append("one"), weak=False)
    publisher = HintPublisher(app, clock=lambda: now_s[0])
    assert not publisher.publish("ink.v1", "key")
    assert not publisher.publish("ink.v1", "key")
    assert len(attempts) == 1
    now_s[0] += PUBLISH_PAUSE_S + 0.1
    assert not publisher.publish("ink.v1", "key")
    assert len(attempts) == 2
    with pytest.raises(StoreUnavailable):
        HintQueues(app).length("ink.v1")
    app.close()
