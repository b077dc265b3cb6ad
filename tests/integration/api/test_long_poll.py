"""`Prefer: wait`: answers that are held back until their job ends."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import redis
from werkzeug.test import TestResponse

from common.settings import Settings
from tests.integration.api.intake_server import DEADLINE_S, wait_until
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.support.hand_worker import HandWorker

WAIT = {"Prefer": "wait=60"}


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for requests that are held back."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


@pytest.fixture
def listener(api_settings: Settings) -> Iterator["redis.Redis"]:
    """A connection to see and to end who listens."""
    with redis.Redis.from_url(api_settings.redis_url.get_secret_value()) as connection:
        yield connection


def somebody_listens(connection: "redis.Redis") -> bool:
    """Whether the application has subscribed."""
    return bool(connection.pubsub_channels("celshade:ended"))


def held(answer: Future[TestResponse]) -> TestResponse:
    """The answer, which came long before the 60 s that it might have been held back."""
    response = answer.result(timeout=DEADLINE_S)
    assert response.headers["Preference-Applied"] == "wait=60"
    return response


def test_a_poll_ends_with_its_job(
    client: PhotoClient, worker: HandWorker, pool: ThreadPoolExecutor, listener: "redis.Redis"
) -> None:
    job = client.submit()
    answer = pool.submit(client.get, f"/v1/jobs/{job['id']}", **WAIT)
    wait_until(lambda: somebody_listens(listener), "the application listens")
    assert not answer.done()
    worker.work_once()
    assert body_of(held(answer))["status"] == "succeeded"


def test_a_submission_may_wait_for_its_picture(
    client: PhotoClient, worker: HandWorker, pool: ThreadPoolExecutor, listener: "redis.Redis"
) -> None:
    answer = pool.submit(client.post, headers=WAIT)
    wait_until(lambda: somebody_listens(listener), "the application listens")
    worker.work_once()
    response = held(answer)
    assert response.status_code == 201
    assert body_of(response)["output"]["url"] is not None


def test_all_who_wait_for_one_job_are_woken(
    client: PhotoClient, worker: HandWorker, pool: ThreadPoolExecutor, listener: "redis.Redis"
) -> None:
    job = client.submit()
    answers = [pool.submit(client.get, f"/v1/jobs/{job['id']}", **WAIT) for _ in range(3)]
    wait_until(lambda: somebody_listens(listener), "the application listens")
    client.act(job, "cancel")
    assert {body_of(held(answer))["status"] for answer in answers} == {"canceled"}


def test_a_broken_connection_delays_nobody_for_long(
    client: PhotoClient, worker: HandWorker, pool: ThreadPoolExecutor, listener: "redis.Redis"
) -> None:
    job = client.submit()
    answer = pool.submit(client.get, f"/v1/jobs/{job['id']}", **WAIT)
    wait_until(lambda: somebody_listens(listener), "the application listens")
    listener.client_kill_filter(_type="pubsub")
    worker.work_once()
    assert body_of(held(answer))["status"] == "succeeded"


def test_the_time_may_be_over_first(client: PhotoClient, worker: HandWorker) -> None:
    job = client.submit()
    answer = client.get(f"/v1/jobs/{job['id']}", Prefer="respond-async, wait=1")
    assert body_of(answer)["status"] == "queued"
    assert answer.headers["Preference-Applied"] == "wait=1"


def test_what_has_ended_is_answered_at_once(client: PhotoClient, worker: HandWorker) -> None:
    client.submit()
    worker.work_once()
    answer = client.post(headers=WAIT)
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (201, "wait=60")
