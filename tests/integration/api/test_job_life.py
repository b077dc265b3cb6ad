"""The life of a job, as its caller sees it: look, list, cancel, retry, delete."""

import pytest

from common.errors import DecodeFailed
from common.jobs import Stage
from tests.integration.api.conftest import MakeApp
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.support.hand_worker import EXECUTION, STAGES_MS, HandWorker
from tests.support.photos import photo


def test_a_photo_becomes_a_picture(client: PhotoClient, worker: HandWorker) -> None:
    job = client.submit(size="256")
    claim = worker.claim()
    worker.at(claim, Stage.RENDERING)
    running = client.job(job)
    assert (running["status"], running["progress"]["stage"]) == ("running", "rendering")
    assert running["attempts"] == 1

    picture = worker.finish(claim)
    done = client.job(job)
    output, metrics = done["output"], done["metrics"]
    assert (done["status"], done["progress"]["stage"]) == ("succeeded", None)
    assert (output["width"], output["height"]) == (256, 192)
    assert output["size_bytes"] == len(picture)
    assert output["url_expires_at"] <= done["expires_at"]
    assert done["execution"] == EXECUTION
    assert metrics["stages"] == STAGES_MS
    assert metrics["queue_ms"] >= 0
    assert metrics["execution_ms"] >= 0
    fetched = client.get(output["url"])
    assert (fetched.status_code, fetched.data) == (200, picture)


def test_cancel_ends_one_job_and_is_repeatable(client: PhotoClient, worker: HandWorker) -> None:
    job, other = client.submit(), client.submit()
    for _ in range(2):
        answer = client.act(job, "cancel")
        assert (answer.status_code, body_of(answer)["status"]) == (200, "canceled")
    assert client.job(other)["status"] == "queued"
    client.act(other, "cancel")
    assert worker.line_is_empty()


def test_retry_begins_the_next_run_under_the_same_id(
    client: PhotoClient, worker: HandWorker
) -> None:
    job = client.submit(metadata='{"a": "b"}')
    worker.fail(worker.claim(), DecodeFailed())
    failed = client.job(job)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "decode_failed")
    assert failed["error"]["retryable"] is False

    answer = client.act(job, "retry")
    assert answer.status_code == 202
    assert answer.headers["Location"].endswith(f"/v1/jobs/{job['id']}")
    assert (body_of(answer)["id"], body_of(answer)["run"]) == (job["id"], 2)
    worker.work_once()
    done = client.job(job)
    assert (done["status"], done["error"], done["metadata"]) == ("succeeded", None, {"a": "b"})


def test_only_what_ended_badly_is_retried(client: PhotoClient, worker: HandWorker) -> None:
    job = client.submit()
    refused = client.act(job, "retry")
    assert (refused.status_code, body_of(refused)["code"]) == (409, "not_retryable")
    worker.work_once()
    assert client.act(job, "retry").status_code == 409


def test_a_canceled_no_cache_job_stays_one_of_its_own(
    client: PhotoClient, worker: HandWorker
) -> None:
    client.submit()
    job = body_of(client.post(headers={"Cache-Control": "no-cache"}))
    client.act(job, "cancel")
    assert body_of(client.act(job, "retry"))["cache"]["status"] == "bypass"


def test_delete_takes_along_what_nobody_else_holds(client: PhotoClient, worker: HandWorker) -> None:
    first = client.submit()
    worker.work_once()
    second = client.submit()
    gone = client.call("DELETE", f"/v1/jobs/{first['id']}")
    assert gone.status_code == 200
    assert body_of(gone) == {"deleted": ["job"], "retained": ["source", "result"]}
    assert client.get(f"/v1/jobs/{first['id']}").status_code == 404
    last = client.call("DELETE", f"/v1/jobs/{second['id']}")
    assert body_of(last) == {"deleted": ["job", "source", "result"], "retained": []}


def test_delete_ends_an_open_job(client: PhotoClient, worker: HandWorker) -> None:
    job = client.submit()
    client.call("DELETE", f"/v1/jobs/{job['id']}")
    assert worker.line_is_empty()
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 404


def test_a_list_goes_page_by_page_newest_first(client: PhotoClient, worker: HandWorker) -> None:
    jobs = [client.submit(photo(shade=shade)) for shade in range(5)]
    seen, url = [], "/v1/jobs?limit=2"
    while url:
        page = body_of(client.get(url))
        assert len(page["data"]) <= 2
        seen += page["data"]
        url = f"/v1/jobs?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert {job["id"] for job in seen} == {job["id"] for job in jobs}
    assert len(seen) == len(jobs)
    times = [job["created_at"] for job in seen]
    assert times == sorted(times, reverse=True)


def test_a_list_can_be_of_one_status(client: PhotoClient, worker: HandWorker) -> None:
    jobs = [client.submit(photo(shade=shade)) for shade in range(3)]
    client.act(jobs[1], "cancel")
    canceled = body_of(client.get("/v1/jobs?status=canceled"))["data"]
    assert [job["id"] for job in canceled] == [jobs[1]["id"]]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("status=lost", "invalid_param"),
        ("limit=0", "invalid_param"),
        ("limit=101", "invalid_param"),
        ("cursor=../x", "invalid_param"),
        ("page=2", "invalid_param"),
        ("limit=1&limit=2", "malformed_request"),
    ],
)
def test_a_list_takes_no_nonsense(client: PhotoClient, query: str, code: str) -> None:
    answer = client.get(f"/v1/jobs?{query}")
    assert answer.status_code in (400, 422)
    assert body_of(answer)["code"] == code


def test_an_etag_spares_what_has_not_changed(client: PhotoClient, worker: HandWorker) -> None:
    url = f"/v1/jobs/{client.submit()['id']}"
    tag = client.get(url).headers["ETag"]
    same = client.get(url, If_None_Match=tag)
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)
    worker.work_once()
    changed = client.get(url, If_None_Match=tag)
    assert (changed.status_code, body_of(changed)["status"]) == (200, "succeeded")
    assert client.get(url, If_None_Match=changed.headers["ETag"]).status_code == 304


def test_a_deadline_is_the_jobs_own(client: PhotoClient, worker: HandWorker) -> None:
    job = body_of(client.post(headers={"Cancel-After": "1s"}))
    other = client.submit()
    assert other["cache"]["status"] == "joined"
    while client.job(job)["status"] == "queued":
        worker.store.maintenance.reap()
    assert client.job(job)["status"] == "expired"
    assert client.job(other)["status"] == "queued"
    assert body_of(client.get(job["urls"]["result"]))["code"] == "job_failed"


def test_without_a_wish_the_deadline_is_the_settings(worker: HandWorker, make_app: MakeApp) -> None:
    client = PhotoClient(make_app(deadline_s=1))
    job = client.submit()
    while client.job(job)["status"] == "queued":
        worker.store.maintenance.reap()
    assert client.job(job)["status"] == "expired"
    assert worker.line_is_empty()


def test_new_work_goes_to_the_newest_living_version(
    client: PhotoClient, worker: HandWorker, make_app: MakeApp
) -> None:
    job = client.submit()
    client.act(job, "cancel")
    newer = HandWorker(worker.store, worker.objects, version="v2")
    newer.beat()
    later = PhotoClient(make_app())  # its catalog is fresh
    fresh = later.submit(photo(shade=1))
    assert later.act(job, "retry").status_code == 202
    assert worker.line_is_empty()
    newer.work_once()
    newer.work_once()
    assert [later.job(one)["status"] for one in (fresh, job)] == ["succeeded", "succeeded"]
