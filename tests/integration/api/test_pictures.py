"""Pictures: the stable links, the signed ones, and what happens when their time is over."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from common.jobs import JobStatus
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo


def path_of(url: str) -> str:
    """The part of a link that the application sees."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_result_leads_to_the_picture(
    client: PhotoClient, worker: HandWorker, method: str
) -> None:
    job = client.submit(format="png")
    picture = worker.work_once()
    answer = client.call(method, f"/v1/jobs/{job['id']}/result")
    assert answer.status_code == 302
    followed = client.call(method, path_of(answer.headers["Location"]))
    assert followed.status_code == 200
    assert followed.headers["Content-Type"] == "image/png"
    assert followed.headers["Content-Length"] == str(len(picture))
    assert followed.data == (picture if method == "GET" else b"")
    disposition = followed.headers["Content-Disposition"]
    assert disposition == f'attachment; filename="{job["id"]}.png"'
    assert followed.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in followed.headers["Content-Security-Policy"]


def test_the_source_is_there_from_the_first_moment(client: PhotoClient, worker: HandWorker) -> None:
    job = client.submit(photo(shade=7))
    answer = client.get(f"/v1/jobs/{job['id']}/source")
    assert answer.status_code == 302
    followed = client.get(path_of(answer.headers["Location"]))
    assert (followed.data, followed.headers["Content-Type"]) == (photo(shade=7), "image/jpeg")


def test_no_picture_before_the_end(client: PhotoClient, worker: HandWorker) -> None:
    job = client.submit()
    answer = client.get(f"/v1/jobs/{job['id']}/result")
    assert (answer.status_code, body_of(answer)["code"]) == (409, "not_ready")
    assert "Retry-After" in answer.headers


def test_no_picture_of_a_job_that_ended_without(client: PhotoClient, worker: HandWorker) -> None:
    job = client.submit()
    client.act(job, "cancel")
    answer = client.get(f"/v1/jobs/{job['id']}/result")
    assert (answer.status_code, body_of(answer)["code"]) == (409, "job_failed")


def test_a_picture_has_its_time(make_app: MakeApp) -> None:
    app = make_app(retention_s=1)
    client, parts = PhotoClient(app), context_of(app)
    worker = HandWorker(parts.store, parts.objects)
    worker.beat()
    job = client.submit()
    worker.work_once()
    link = client.job(job)["output"]["url"]
    while parts.store.maintenance.expire().pictures == 0:
        pass  # until Redis' clock has moved on by a second
    gone = client.job(job)
    assert (gone["status"], gone["output"]["url"]) == (JobStatus.SUCCEEDED, None)
    assert gone["output"]["url_expires_at"] is None
    for part in ("result", "source"):
        answer = client.get(f"/v1/jobs/{job['id']}/{part}")
        assert (answer.status_code, body_of(answer)["code"]) == (410, "result_expired")
    assert link is None or client.get(path_of(link)).status_code in (403, 410)


def test_a_link_whose_picture_was_deleted_says_so(client: PhotoClient, worker: HandWorker) -> None:
    job = client.submit()
    worker.work_once()
    link = path_of(client.job(job)["output"]["url"])
    client.call("DELETE", f"/v1/jobs/{job['id']}")
    names = worker.store.maintenance.begin_sweep()
    worker.objects.delete(names)
    worker.store.maintenance.end_sweep(names)
    answer = client.get(link)
    assert (answer.status_code, body_of(answer)["code"]) == (410, "result_expired")


@pytest.mark.parametrize("changed", ["expires", "type", "filename", "signature", "path"])
def test_a_changed_link_is_refused(client: PhotoClient, worker: HandWorker, changed: str) -> None:
    job = client.submit()
    worker.work_once()
    parts = urlsplit(client.job(job)["output"]["url"])
    query, path = dict(parse_qsl(parts.query)), parts.path
    if changed == "path":
        path = "/files/" + str(worker.store.jobs.view(job["id"], "local").input_name)
    else:
        query[changed] = {"expires": "99999999999", "type": "text/html"}.get(changed, "x.html")
    answer = client.get(f"{path}?{urlencode(query)}")
    assert (answer.status_code, body_of(answer)["code"]) == (403, "forbidden")


def test_a_link_gives_parts_of_a_picture(client: PhotoClient, worker: HandWorker) -> None:
    job = client.submit()
    picture = worker.work_once()
    link = path_of(client.job(job)["output"]["url"])
    part = client.get(link, Range="bytes=10-19")
    assert (part.status_code, part.data) == (206, picture[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(picture)}"
    beyond = client.get(link, Range="bytes=99999999-")
    assert (beyond.status_code, body_of(beyond)["code"]) == (416, "range_not_satisfiable")


def test_links_follow_the_public_url(make_app: MakeApp) -> None:
    app = make_app(public_url="https://photos.example/cartoons")
    client, parts = PhotoClient(app), context_of(app)
    worker = HandWorker(parts.store, parts.objects)
    worker.beat()
    job = client.submit()
    worker.work_once()
    done = client.job(job)
    assert done["urls"]["self"] == f"https://photos.example/cartoons/v1/jobs/{job['id']}"
    assert done["output"]["url"].startswith("https://photos.example/cartoons/files/outputs/")
    answer = client.get(f"/v1/jobs/{job['id']}")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
