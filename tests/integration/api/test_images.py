"""Images: one upload for several styles."""

import io

import pytest

from common.objects.local import LocalStore
from tests.integration.api.conftest import MakeApp
from tests.integration.api.photo_client import Json, PhotoClient, body_of
from tests.integration.api.test_pictures import path_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo


def keep(client: PhotoClient) -> Json:
    answer = client.call("POST", "/v1/images", data={"image": (io.BytesIO(photo()), "sea.jpg")})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == body_of(answer)["urls"]["self"]
    return body_of(answer)


def form(**fields: str) -> dict[str, object]:
    return {"content_type": "multipart/form-data", "data": fields}


def test_an_image_is_kept(client: PhotoClient, objects: LocalStore) -> None:
    image = keep(client)
    assert (image["width"], image["height"]) == (320, 240)
    assert (image["content_type"], image["size_bytes"]) == ("image/jpeg", len(photo()))
    assert image["expires_at"] > image["created_at"]
    again = body_of(client.get(f"/v1/images/{image['image_id']}"))
    assert again.keys() == image.keys()
    assert all(again[name] == image[name] for name in image if not name.startswith("url"))
    assert [objects.get(name) for name in objects.list_names()] == [photo()]


def test_a_kept_photo_has_a_signed_link(client: PhotoClient, make_app: MakeApp) -> None:
    keyless = PhotoClient(make_app())
    image = keep(client)
    answer = keyless.get(path_of(image["url"]))
    assert (answer.status_code, answer.data) == (200, photo())
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert image["created_at"] < image["url_expires_at"] <= image["expires_at"]


def test_one_upload_serves_several_jobs(
    client: PhotoClient, worker: HandWorker, objects: LocalStore
) -> None:
    image = keep(client)
    first = client.call("POST", "/v1/jobs", **form(image_id=image["image_id"], strength="0.2"))
    second = client.call("POST", f"/v1/jobs?image_id={image['image_id']}&strength=0.9")
    assert (first.status_code, second.status_code) == (202, 202)
    assert len(list(objects.list_names())) == 1
    for _ in range(2):
        worker.work_once()
    for answer in (first, second):
        assert client.job(body_of(answer))["status"] == "succeeded"
        assert client.get(f"/v1/jobs/{body_of(answer)['id']}/source").status_code == 302
    again = client.call("POST", f"/v1/jobs?image_id={image['image_id']}&strength=0.2")
    assert (again.status_code, body_of(again)["cache"]["status"]) == (201, "hit")


def test_an_image_and_its_bytes_are_the_same_photo(client: PhotoClient, worker: HandWorker) -> None:
    key = {"Idempotency-Key": "1"}
    sent = body_of(client.post(headers=key))
    named = client.call("POST", f"/v1/jobs?image_id={keep(client)['image_id']}", headers=key)
    assert body_of(named)["id"] == sent["id"]
    assert client.submit()["cache"]["status"] == "joined"


def test_a_forgotten_image_makes_no_more_jobs(
    client: PhotoClient, worker: HandWorker, objects: LocalStore
) -> None:
    image = keep(client)
    job = body_of(client.call("POST", f"/v1/jobs?image_id={image['image_id']}"))
    path = f"/v1/images/{image['image_id']}"
    assert body_of(client.call("DELETE", path)) == {"deleted": ["image"]}
    for method, where in (
        ("GET", path),
        ("DELETE", path),
        ("POST", f"/v1/jobs?image_id={image['image_id']}"),
    ):
        assert client.call(method, where).status_code == 404
    worker.work_once()
    assert client.job(job)["status"] == "succeeded"


@pytest.mark.parametrize("id_", ["", "nonsense", "0" * 32])
def test_an_image_that_is_not_there(client: PhotoClient, worker: HandWorker, id_: str) -> None:
    answer = client.call("POST", f"/v1/jobs?image_id={id_}")
    assert (answer.status_code, body_of(answer)["code"]) == (404, "not_found")


def test_a_job_is_made_from_one_photo(client: PhotoClient, worker: HandWorker) -> None:
    image = keep(client)
    for answer in (
        client.post(image_id=image["image_id"]),
        client.call("POST", "/v1/jobs"),
        client.call("POST", "/v1/images"),
        client.call("POST", f"/v1/images?image_id={image['image_id']}"),
    ):
        assert (answer.status_code, body_of(answer)["code"]) == (400, "malformed_request")


def test_what_is_no_image_is_not_kept(client: PhotoClient, objects: LocalStore) -> None:
    answer = client.call("POST", "/v1/images", data=b"hello")
    assert (answer.status_code, body_of(answer)["code"]) == (415, "unsupported_media_type")
    answer = client.call("POST", "/v1/images?style=flat", data=photo())
    assert (answer.status_code, body_of(answer)["code"]) == (422, "invalid_param")
    assert list(objects.list_names()) == []
