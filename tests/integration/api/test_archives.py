"""Archives: any selection of pictures as one ZIP, read by whoever holds the link."""

import hashlib
import io
import json
import zipfile
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from api.uploads.file_names import file_label
from common.errors import DecodeFailed
from common.objects.local import LocalStore
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import Json, PhotoClient, body_of
from tests.integration.api.test_pictures import path_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo


def make(client: PhotoClient, *jobs: str) -> Json:
    answer = client.call("POST", "/v1/archives", json={"job_ids": list(jobs)})
    assert answer.status_code == 201, answer.text
    return body_of(answer)


def read(client: PhotoClient, url: str) -> zipfile.ZipFile:
    """Download a ZIP without a key and check it to its end."""
    answer = client.get(path_of(url))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    found = zipfile.ZipFile(io.BytesIO(answer.data))
    assert found.testzip() is None
    return found


def manifest_of(archive: zipfile.ZipFile) -> Any:
    return json.loads(archive.read("manifest.json"))


def rendered(client: PhotoClient, worker: HandWorker, shade: int) -> tuple[str, bytes]:
    job = client.submit(photo(shade=shade))
    return str(job["id"]), worker.work_once()


def test_a_selection_comes_as_one_zip(client: PhotoClient, worker: HandWorker) -> None:
    done = dict(rendered(client, worker, shade) for shade in (1, 2))
    archive = make(client, *done, *done)
    assert (archive["pictures"], archive["missing"]) == (2, 0)
    found = read(client, archive["url"])
    assert found.namelist() == ["manifest.json", *(f"{id_}.jpg" for id_ in done)]
    assert all(entry.compress_type == zipfile.ZIP_STORED for entry in found.infolist())
    for listed in manifest_of(found)["files"]:
        picture = found.read(listed["name"])
        assert picture == done[listed["job_id"]]
        assert hashlib.sha256(picture).hexdigest() == listed["sha256"]
        assert listed["size_bytes"] == len(picture)
        assert listed["style"] == "flat"


@pytest.mark.parametrize(
    ("noted", "named"),
    [
        ("beach.heic", "beach.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("a\nb\u202e.png", "a-b.jpg"),
        ("海滩-" + "很长的名字" * 12 + ".jpg", "photo.jpg"),
    ],
)
def test_a_picture_is_named_as_its_caller_noted(
    client: PhotoClient, worker: HandWorker, noted: str, named: str
) -> None:
    job = client.submit(metadata=json.dumps({"file": noted}))
    worker.work_once()
    found = read(client, make(client, str(job["id"]))["url"])
    assert found.namelist() == ["manifest.json", named]
    (listed,) = manifest_of(found)["files"]
    assert listed["file"] == file_label(noted)


def test_what_is_not_there_is_named(
    client: PhotoClient, worker: HandWorker, objects: LocalStore
) -> None:
    good, _ = rendered(client, worker, 1)
    gone, _ = rendered(client, worker, 2)
    failed, canceled = (str(client.submit(photo(shade=n))["id"]) for n in (3, 4))
    worker.fail(worker.claim(), DecodeFailed())
    client.act({"id": canceled}, "cancel")
    waiting = str(client.submit(photo(shade=5))["id"])
    deleted, _ = str(client.submit(photo(shade=1))["id"]), None
    archive = make(client, good, gone, failed, canceled, waiting, deleted)
    client.call("DELETE", f"/v1/jobs/{deleted}")
    job = worker.store.jobs.view(gone, "local")
    assert job.output is not None
    worker.store.outputs.vanished(job.output.name)
    found = read(client, archive["url"])
    assert found.namelist() == ["manifest.json", f"{good}.jpg"]
    assert manifest_of(found)["missing"] == [
        {"job_id": gone, "file": None, "reason": "result_missing"},
        {"job_id": failed, "file": None, "reason": "decode_failed"},
        {"job_id": canceled, "file": None, "reason": "canceled"},
        {"job_id": waiting, "file": None, "reason": "not_ready"},
        {"job_id": deleted, "file": None, "reason": "not_found"},
    ]
    assert (archive["pictures"], archive["missing"]) == (3, 3)


def test_a_batch_has_its_archive(client: PhotoClient, worker: HandWorker) -> None:
    names = ["sea.jpg", "../SEA.png", "Straße.jpg", "con", "bad.txt"]
    bodies = [*(photo(shade=n) for n in range(4)), b"no photo"]
    files = [(io.BytesIO(body), name) for body, name in zip(bodies, names, strict=True)]
    form = {"format": "webp", "image": files}
    batch = body_of(client.call("POST", "/v1/batches", data=form))
    assert batch["urls"]["archive"] is None
    for _ in range(4):
        worker.work_once()
    done = body_of(client.get(f"/v1/batches/{batch['id']}"))
    assert done["status"] == "succeeded_with_errors"
    found = read(client, done["urls"]["archive"])
    assert found.namelist() == [
        "manifest.json",
        "sea.webp",
        "SEA-2.webp",
        "Stra-e.webp",
        "photo-con.webp",
    ]
    assert [listed["file"] for listed in manifest_of(found)["files"]] == [
        "sea.jpg",
        "SEA.png",
        "Straße.jpg",
        "con",
    ]


@pytest.mark.parametrize("changed", ["expires", "filename", "signature", "path", "kind"])
def test_a_changed_link_is_refused(client: PhotoClient, worker: HandWorker, changed: str) -> None:
    archive = make(client, rendered(client, worker, 1)[0])
    parts = urlsplit(archive["url"])
    query, path = dict(parse_qsl(parts.query)), parts.path
    if changed == "path":
        path = path[:-1] + ("0" if path[-1] != "0" else "1")
    elif changed == "kind":
        path = path.replace("archives", "batches")
    else:
        query[changed] = {"expires": "99999999999"}.get(changed, "x.zip")
    answer = client.get(f"{path}?{urlencode(query)}")
    assert (answer.status_code, body_of(answer)["code"]) == (403, "forbidden")


def test_a_browser_may_follow_the_link(client: PhotoClient, worker: HandWorker) -> None:
    archive = make(client, rendered(client, worker, 1)[0])
    head = client.call("HEAD", path_of(archive["url"]))
    assert (head.status_code, head.data) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0
    disposition = f'attachment; filename="celshade-{archive["id"]}.zip"'
    assert head.headers["Content-Disposition"] == disposition
    assert head.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in head.headers["Content-Security-Policy"]
    assert read(client, archive["url"]).namelist()


def test_so_many_archives_at_once(make_app: MakeApp) -> None:
    app = make_app(api_threads=4)
    client, parts = PhotoClient(app), context_of(app)
    worker = HandWorker(parts.store, parts.objects)
    worker.beat()
    link = path_of(make(client, rendered(client, worker, 1)[0])["url"])
    unread = app.test_client().get(link)  # its body is not read yet
    busy = client.get(link)
    assert (busy.status_code, body_of(busy)["code"]) == (503, "queue_full")
    assert int(busy.headers["Retry-After"]) > 0
    unread.close()
    for _ in range(3):
        assert client.get(link).status_code == 200
        assert client.call("HEAD", link).status_code == 200


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"json": {"job_ids": []}}, 422, "invalid_param"),
        ({"json": {"job_ids": ["x"]}}, 422, "invalid_param"),
        ({"json": {"job_ids": "0" * 32}}, 422, "invalid_param"),
        ({"json": {}}, 422, "invalid_param"),
        ({"json": {"job_ids": ["0" * 32], "more": 1}}, 422, "invalid_param"),
        ({"json": {"job_ids": [f"{n:032x}" for n in range(1001)]}}, 422, "invalid_param"),
        ({"json": {"job_ids": ["0" * 32]}}, 404, "not_found"),
        ({"json": ["0" * 32]}, 400, "malformed_request"),
        ({"data": b"{", "content_type": "application/json"}, 400, "malformed_request"),
        ({"data": b"[" * 60_000, "content_type": "application/json"}, 400, "malformed_request"),
        ({"data": b" " * 70_000, "content_type": "application/json"}, 413, "upload_too_large"),
        ({"data": b"{}", "content_type": "text/plain"}, 400, "malformed_request"),
    ],
)
def test_a_selection_that_is_none(
    client: PhotoClient, options: dict[str, Any], status: int, code: str
) -> None:
    answer = client.call("POST", "/v1/archives", **options)
    assert (answer.status_code, body_of(answer)["code"]) == (status, code)
