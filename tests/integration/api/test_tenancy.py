"""Callers: keys let in, and no caller ever learns anything of another."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from api.auth.keys_file import lines_for
from common.callers import Scope, new_key
from common.jobstore.outbox import Sending
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo


@dataclass(frozen=True)
class House:
    """A service with two callers and somebody who looks after it."""

    app: Flask
    keys_file: Path
    ann: PhotoClient
    bob: PhotoClient
    admin: PhotoClient
    worker: HandWorker


def lines(key: str, name: str, *scopes: Scope) -> str:
    """Lines of a keys file."""
    return lines_for(key, name, frozenset(scopes), {})


@pytest.fixture
def house(make_app: MakeApp, tmp_path: Path) -> House:
    """An application with a keys file."""
    ann, bob, admin = new_key(), new_key(), new_key()
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text(
        lines(ann, "ann", Scope.JOBS)
        + lines(bob, "bob", Scope.JOBS)
        + lines(admin, "it", Scope.ADMIN)
    )
    app = make_app(keys_file=keys_file)
    worker = HandWorker(context_of(app).store, context_of(app).objects)
    worker.beat()
    return House(
        app,
        keys_file,
        ann=PhotoClient(app, ann),
        bob=PhotoClient(app, bob),
        admin=PhotoClient(app, admin),
        worker=worker,
    )


@pytest.mark.parametrize("key", [None, "", " ", "cs_guess", "cs_\u00e9", "a b", "x" * 5000])
def test_nobody_comes_in_without_a_key(house: House, key: str | None) -> None:
    stranger = PhotoClient(house.app, key)
    for method, path in (
        ("GET", "/v1/jobs"),
        ("POST", "/v1/jobs"),
        ("GET", "/v1/styles"),
        ("GET", "/v1/limits"),
        ("GET", "/v1/usage"),
        ("GET", "/v1/queue"),
        ("GET", "/v1/jobs/" + "0" * 32),
        ("DELETE", "/v1/jobs/" + "0" * 32),
        ("POST", "/v1/batches"),
        ("POST", "/v1/archives"),
        ("POST", "/v1/images"),
        ("GET", "/metrics"),
    ):
        answer = stranger.call(method, path)
        assert (answer.status_code, body_of(answer)["code"]) == (401, "unauthorized"), path
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert stranger.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        ("Bearer {key}", 200),
        ("bearer  {key} ", 200),
        ("Bearer{key}", 401),
        ("{key}", 401),
        ("Basic {key}", 401),
        ("Bearer {key} {key}", 401),
        ("Bearer {key}x", 401),
    ],
)
def test_a_key_is_shown_in_one_way(
    make_app: MakeApp, tmp_path: Path, shown: str, status: int
) -> None:
    key = new_key()
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text(lines(key, "ann", Scope.JOBS))
    stranger = PhotoClient(make_app(keys_file=keys_file))
    answer = stranger.get("/v1/limits", Authorization=shown.format(key=key))
    assert answer.status_code == status
    assert stranger.get(f"/v1/limits?api_key={key}&authorization=Bearer%20{key}").status_code == 401


def routes_with_ids(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Yield the methods and rules of every route of the API that names a thing of somebody's."""
    for rule in app.url_map.iter_rules():
        if rule.arguments and rule.rule.startswith("/v1/") and "/admin/" not in rule.rule:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, rule


def delivery_and_address(house: House) -> tuple[str, str]:
    """A delivery of ann's, whose receiver wants no more, and that receiver's address."""
    house.ann.act(house.ann.submit(photo(shade=7), webhook_url="https://example.com/"), "cancel")
    (due,) = house.worker.store.outbox.claim(most=1)
    house.worker.store.outbox.record(due, Sending.GONE, answer="410", took_ms=1)
    (address,) = body_of(house.ann.get("/v1/webhooks/disabled"))["data"]
    return due.id, str(address["id"])


def test_another_callers_things_are_not_there_on_any_route(house: House) -> None:
    form = {"image": [(io.BytesIO(photo()), "a.jpg")]}
    batch = body_of(house.ann.call("POST", "/v1/batches", data=form))
    image = body_of(house.ann.call("POST", "/v1/images", data=photo()))
    delivery, address = delivery_and_address(house)
    ids = {
        "delivery": delivery,
        "address_id": address,
        "job_id": str(house.ann.submit()["id"]),
        "batch_id": str(batch["id"]),
        "image_id": str(image["image_id"]),
    }
    routes = list(routes_with_ids(house.app))
    assert len(routes) >= 6
    with house.app.test_request_context():
        adapter = house.app.url_map.bind("localhost")
        paths = [
            (method, adapter.build(rule.endpoint, {name: ids[name] for name in rule.arguments}))
            for method, rule in routes
        ]
    for method, path in paths:
        answer = house.bob.call(method, path)
        assert (answer.status_code, body_of(answer)["code"]) == (404, "not_found"), (method, path)
    for path in ("/v1/jobs", "/v1/webhooks/deliveries", "/v1/webhooks/disabled"):
        assert body_of(house.bob.get(path))["data"] == []
    secrets = [
        body_of(each.get("/v1/webhooks/secret"))["secret"] for each in (house.ann, house.bob)
    ]
    assert len(set(secrets)) == 2
    assert house.ann.job({"id": ids["job_id"]})["status"] == "queued"
    # The routes are there: to the things' own caller they answer otherwise.
    last = ("cancel", "events", "DELETE")  # a stream ends when its job has, and what goes goes last

    def place(call: tuple[str, str]) -> int:
        words = (call[0], call[1].rpartition("/")[2])
        return max(last.index(word) + 1 if word in last else 0 for word in words)

    for method, path in sorted(paths, key=place):
        assert house.ann.call(method, path).status_code != 404, (method, path)


def test_another_callers_image_and_pictures_are_of_no_use(house: House) -> None:
    image = body_of(house.ann.call("POST", "/v1/images", data=photo()))
    answer = house.bob.call("POST", f"/v1/jobs?image_id={image['image_id']}")
    assert (answer.status_code, body_of(answer)["code"]) == (404, "not_found")
    wanted = {"job_ids": [house.ann.submit()["id"]]}
    assert house.bob.call("POST", "/v1/archives", json=wanted).status_code == 404
    assert house.ann.call("POST", "/v1/archives", json=wanted).status_code == 201


def test_a_hit_never_tells_of_another_caller(house: House) -> None:
    house.ann.submit()
    house.worker.work_once()
    assert house.bob.submit()["cache"]["status"] == "miss"
    assert house.ann.submit()["cache"]["status"] == "hit"


def test_the_operator_may_share_the_cache(house: House, make_app: MakeApp) -> None:
    app = make_app(keys_file=house.keys_file, cache_scope="service")
    ann, bob = house.ann.at(app), house.bob.at(app)
    ann.submit()
    house.worker.work_once()
    assert bob.submit()["cache"]["status"] == "hit"


def test_idempotency_keys_are_each_callers_own(house: House) -> None:
    key = {"Idempotency-Key": "1"}
    first = body_of(house.ann.post(headers=key))
    assert body_of(house.bob.post(headers=key))["id"] != first["id"]


def test_scopes_keep_apart_work_and_care(house: House) -> None:
    answer = house.ann.get("/metrics")
    assert (answer.status_code, body_of(answer)["code"]) == (403, "forbidden")
    assert house.admin.get("/metrics").status_code == 200
    assert house.admin.get("/v1/jobs").status_code == 403


def test_a_key_never_reaches_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        house.ann.get("/v1/jobs")
        PhotoClient(house.app, "cs_nearly").get("/v1/jobs")
    assert "cs_" not in caplog.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
    ],
)
def test_an_open_service_serves_no_foreign_page(
    client: PhotoClient, worker: HandWorker, headers: dict[str, str]
) -> None:
    answer = client.post(headers=headers)
    assert (answer.status_code, body_of(answer)["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "127.0.0.1:8000"},
        {"Host": "[::1]:8000"},
        {"Host": "LOCALHOST"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_this_machine_is_welcome(
    client: PhotoClient, worker: HandWorker, headers: dict[str, str]
) -> None:
    assert client.post(headers=headers).status_code == 202


def test_links_follow_the_loopback_name(client: PhotoClient, worker: HandWorker) -> None:
    answer = client.post(headers={"Host": "127.0.0.5:81"})
    assert answer.headers["Location"].startswith("http://127.0.0.5:81/v1/jobs/")
