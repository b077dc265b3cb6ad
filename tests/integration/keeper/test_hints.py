"""Hints: what is published arrives, and a broker that is away costs nobody more than a moment."""

import socket

import pytest
from celery import signals
from pydantic import SecretStr

from common.errors import StoreUnavailable
from common.queue import PUBLISH_PAUSE_S, HintPublisher, HintQueues, make_celery
from common.settings import Settings


def _settings(url: str) -> Settings:
    return Settings(redis_url=SecretStr(url), store="local")


def test_a_hint_lies_in_its_lines_queue(clean_redis_url: str) -> None:
    app = make_celery(_settings(clean_redis_url), publish_timeout_s=2.0)
    assert HintPublisher(app).publish("ink.v1", "key", request_id="r1")
    queues = HintQueues(app)
    assert queues.length("ink.v1") == 1
    assert queues.length("ink.v2") == 0
    queues.delete("ink.v1")
    assert queues.length("ink.v1") == 0
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
