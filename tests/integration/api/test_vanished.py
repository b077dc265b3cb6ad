"""Pictures that vanish from the storage: once an hour somebody looks, and no link leads nowhere."""

from collections.abc import Iterator

import pytest
import redis

from common.objects.local import LocalStore
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import Json, PhotoClient, body_of
from tests.integration.api.test_archives import make, manifest_of, read
from tests.integration.api.test_service import metrics_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo


@pytest.fixture
def aged(client: PhotoClient, worker: HandWorker, clean_redis_url: str) -> Iterator[Json]:
    """A finished job, made older than an hour by hand."""
    job = client.submit()
    worker.work_once()
    with redis.Redis.from_url(clean_redis_url, decode_responses=True) as connection:
        for pattern in ("celshade:job:*", "celshade:render:*"):
            for key in connection.scan_iter(pattern):
                finished = int(str(connection.hget(key, "finished")))
                connection.hset(key, "finished", finished - 3_700_000)
        yield job


def lose(objects: LocalStore) -> str:
    """Take the picture away behind the service's back."""
    (name,) = (name for name in objects.list_names() if name.startswith("outputs/"))
    objects.delete([name])
    return name


def test_a_lost_picture_is_no_hit(
    aged: Json, client: PhotoClient, worker: HandWorker, objects: LocalStore
) -> None:
    lose(objects)
    assert metrics_of(client)["celshade_outputs_vanished_total", ()] == 0
    again = client.submit()
    assert metrics_of(client)["celshade_outputs_vanished_total", ()] == 1
    assert (again["status"], again["cache"]["status"]) == ("queued", "miss")
    worker.work_once()
    assert client.get(f"/v1/jobs/{again['id']}/result").status_code == 302
    answer = client.get(f"/v1/jobs/{aged['id']}/result")
    assert (answer.status_code, body_of(answer)["code"]) == (410, "result_expired")


@pytest.mark.parametrize("path", ["", "/result"])
def test_no_link_leads_to_a_lost_picture(
    aged: Json, client: PhotoClient, objects: LocalStore, path: str
) -> None:
    lose(objects)
    answer = client.get(f"/v1/jobs/{aged['id']}{path}")
    if path:
        assert (answer.status_code, body_of(answer)["code"]) == (410, "result_expired")
    seen = client.job(aged)
    assert (seen["status"], seen["output"]["url"]) == ("succeeded", None)
    assert seen["output"]["width"] == 320
    assert client.get(f"/v1/jobs/{aged['id']}/source").status_code == 302


def test_a_picture_that_is_there_is_a_hit_and_looked_for_once(
    aged: Json, client: PhotoClient, objects: LocalStore, clean_redis_url: str
) -> None:
    assert client.submit()["cache"]["status"] == "hit"
    with redis.Redis.from_url(clean_redis_url) as connection:
        (mark,) = connection.scan_iter("celshade:present:*")
        assert connection.pttl(mark) > 3_500_000
    lose(objects)  # within the hour nobody looks again
    assert client.get(f"/v1/jobs/{aged['id']}/result").status_code == 302
    with redis.Redis.from_url(clean_redis_url) as connection:
        connection.delete(mark)
    assert client.get(f"/v1/jobs/{aged['id']}/result").status_code == 410


def test_a_storage_that_does_not_answer_proves_nothing(
    aged: Json, client: PhotoClient, make_app: MakeApp
) -> None:
    app = make_app()
    parts = context_of(app)
    root = parts.settings.data_dir / "objects"
    away = root.rename(root.with_name("away"))
    there = PhotoClient(app)
    assert there.submit()["cache"]["status"] == "hit"
    assert there.get(f"/v1/jobs/{aged['id']}/result").status_code == 302
    away.rename(root)
    assert there.job(aged)["output"]["url"] is not None


def test_an_archive_names_a_lost_picture(
    aged: Json, client: PhotoClient, worker: HandWorker, objects: LocalStore
) -> None:
    lose(objects)
    other = client.submit(photo(shade=1))
    worker.work_once()
    found = read(client, make(client, aged["id"], other["id"])["url"])
    assert found.namelist() == ["manifest.json", f"{other['id']}.jpg"]
    assert manifest_of(found)["missing"][0]["reason"] == "result_missing"
