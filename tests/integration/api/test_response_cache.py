"""Polls of ended jobs: what was said is said again, and never once anything has changed."""

import pytest

from common.errors import DecodeFailed
from common.jobstore import JobStore
from common.objects.local import LocalStore
from tests.integration.api.photo_client import Json, PhotoClient, body_of
from tests.support.hand_worker import HandWorker


@pytest.fixture
def ended(client: PhotoClient, worker: HandWorker) -> Json:
    """A job that has succeeded and was polled since."""
    job = client.submit()
    worker.work_once()
    return client.job(job)


def test_the_second_poll_says_the_same_to_the_millisecond(client: PhotoClient, ended: Json) -> None:
    url = f"/v1/jobs/{ended['id']}"
    first, second = client.get(url), client.get(url)
    assert body_of(first) == body_of(second) == ended  # `url_expires_at` included
    assert client.get(ended["output"]["url"]).status_code == 200
    kept = {name: value for name, value in second.headers if name != "X-Request-Id"}
    assert kept == {name: value for name, value in first.headers if name != "X-Request-Id"}
    again = client.get(url, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


def test_a_wait_that_is_over_at_once_is_told_of(client: PhotoClient, ended: Json) -> None:
    answer = client.get(f"/v1/jobs/{ended['id']}", Prefer="wait=5")
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "wait=5")


def test_links_follow_the_name_that_was_asked(client: PhotoClient, ended: Json) -> None:
    answer = client.get(f"/v1/jobs/{ended['id']}", Host="localhost:1234")
    assert body_of(answer)["urls"]["self"].startswith("http://localhost:1234/")


def test_a_deleted_job_is_gone_at_once(client: PhotoClient, ended: Json) -> None:
    url = f"/v1/jobs/{ended['id']}"
    assert client.call("DELETE", url).status_code == 200
    assert client.get(url).status_code == 404


def test_a_retried_job_is_open_at_once(client: PhotoClient, worker: HandWorker) -> None:
    job = client.submit()
    worker.fail(worker.claim(), DecodeFailed())
    assert [client.job(job)["status"] for _ in range(2)] == ["failed", "failed"]
    client.act(job, "retry")
    assert client.job(job)["status"] == "queued"
    worker.work_once()
    assert client.job(job)["status"] == "succeeded"


def test_a_picture_found_lost_elsewhere_has_no_link_at_once(
    client: PhotoClient, ended: Json, objects: LocalStore, job_store: JobStore
) -> None:
    (name,) = (name for name in objects.list_names() if name.startswith("outputs/"))
    objects.delete([name])
    assert job_store.outputs.vanished(name) == 1
    assert client.job(ended)["output"]["url"] is None
