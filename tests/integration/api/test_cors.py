"""CORS: pages of listed origins may use everything, with a key of their user's; others nothing."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.auth.keys_file import lines_for
from api.http.cors import EXPOSED_HEADERS
from common.callers import Scope, new_key
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.support.hand_worker import HandWorker

OURS, FOREIGN = "https://photos.example", "https://evil.example"
SPOKEN_OF = "Access-Control-"


@pytest.fixture
def key() -> str:
    """A caller's key."""
    return new_key()


@pytest.fixture
def paged(make_app: MakeApp, tmp_path: Path, key: str) -> Flask:
    """A service with keys, whose pages come from elsewhere."""
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text(lines_for(key, "ann", frozenset({Scope.JOBS}), {}))
    app = make_app(keys_file=keys_file, cors_origins=(OURS,), requests_per_minute=1000)
    HandWorker(context_of(app).store, context_of(app).objects).beat()
    return app


def granted(answer: TestResponse) -> set[str]:
    """Every word of CORS in an answer."""
    return {name for name in answer.headers.keys() if name.startswith(SPOKEN_OF)}  # noqa: SIM118 - no dict


def preflight(client: PhotoClient, origin: str, method: str = "POST") -> TestResponse:
    """What a browser asks before it sends a page's request."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    return client.call("OPTIONS", "/v1/jobs", headers=headers)


def test_a_browser_asks_first_and_without_a_key(paged: Flask) -> None:
    answer = preflight(PhotoClient(paged), OURS)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    methods = answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"GET", "POST", "DELETE"} <= set(methods)
    headers = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    wanted = {"authorization", "content-type", "idempotency-key", "prefer", "cancel-after"}
    assert wanted <= set(headers)
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "RateLimit" not in answer.headers  # nobody's request


@pytest.mark.parametrize(
    "origin", [FOREIGN, "null", f"{OURS}.evil.example", "http://photos.example"]
)
def test_a_foreign_page_is_granted_nothing(paged: Flask, key: str, origin: str) -> None:
    answer = preflight(PhotoClient(paged), origin)
    assert answer.status_code == 401
    assert granted(answer) == set()
    answer = PhotoClient(paged, key).get("/v1/jobs", Origin=origin)
    assert granted(answer) == set()
    assert "Origin" in answer.headers["Vary"]


def test_a_page_reads_answers_refusals_and_what_they_tell(paged: Flask, key: str) -> None:
    client = PhotoClient(paged, key)
    submitted = client.post(headers={"Origin": OURS, "Prefer": "wait=0"})
    assert submitted.status_code == 202
    for answer in (
        submitted,
        client.get("/v1/jobs/nothing", Origin=OURS),
        PhotoClient(paged).get("/v1/jobs", Origin=OURS),
        client.get("/healthz", Origin=OURS),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == OURS
        assert answer.headers["Vary"] == "Origin"
        exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
        assert exposed == set(EXPOSED_HEADERS)
    told = {"Location", "Retry-After", "Cache-Status", "ETag", "X-Request-Id", "RateLimit"}
    assert told <= set(EXPOSED_HEADERS) & {name for name, _ in submitted.headers}


def test_pictures_of_the_local_store_may_be_read_too(paged: Flask, key: str) -> None:
    client = PhotoClient(paged, key)
    job = client.submit()
    HandWorker(context_of(paged).store, context_of(paged).objects).work_once()
    url = urlsplit(client.job(job)["output"]["url"])
    for origin, allowed in ((OURS, OURS), (FOREIGN, None)):
        answer = PhotoClient(paged).get(f"{url.path}?{url.query}", Origin=origin)
        assert answer.status_code == 200
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed


def test_a_listed_page_may_use_a_service_without_keys(
    make_app: MakeApp, worker: HandWorker
) -> None:
    client = PhotoClient(make_app(cors_origins=("http://localhost:3000",)))
    page = {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "cross-site"}
    assert preflight(client, "http://localhost:3000").status_code == 204
    assert client.post(headers=page).status_code == 202
    refused = client.post(headers={**page, "Origin": FOREIGN})
    assert (refused.status_code, body_of(refused)["code"]) == (403, "forbidden")
    assert granted(refused) == set()
    assert preflight(client, FOREIGN).status_code == 403


def test_without_a_list_nothing_is_said(client: PhotoClient) -> None:
    own = {"Origin": "http://localhost", "Access-Control-Request-Method": "POST"}
    for answer in (
        client.get("/v1/limits", Origin="http://localhost"),
        client.call("OPTIONS", "/v1/jobs", headers=own),
    ):
        assert granted(answer) == set()
        assert "Vary" not in answer.headers


def test_a_page_may_watch_its_users_jobs(paged: Flask, key: str) -> None:
    client = PhotoClient(paged, key)
    job = client.submit()
    HandWorker(context_of(paged).store, context_of(paged).objects).work_once()
    answer = client.get(urlsplit(job["urls"]["events"]).path, Origin=OURS)
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert answer.text.count("\ndata: ") == 1
