"""Requests per caller: counted once for all processes, told in the draft's headers, never free."""

import re
import signal
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr
from werkzeug.test import TestResponse

from api.auth.keys_file import lines_for
from common.callers import Scope, new_key
from common.settings import Settings
from deploy.local import redis_server
from tests.integration.api.conftest import MakeApp
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.integration.api.test_faults import serving
from tests.support import servers
from tests.support.keys_file import write_keys

PROBES = ("/healthz", "/readyz", "/metrics")


def told(answer: TestResponse) -> tuple[int, int]:
    """What the headers say is left, and until when; both hold to the draft's grammar."""
    found = re.fullmatch(r'"requests";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    assert found, answer.headers["RateLimit"]
    return int(found[1]), int(found[2])


def test_two_processes_share_one_minute(make_app: MakeApp) -> None:
    clients = [PhotoClient(make_app(requests_per_minute=3)) for _ in range(2)]
    answers = [clients[number % 2].get("/v1/limits") for number in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [told(answer)[0] for answer in answers] == [2, 1, 0, 0, 0]
    assert all(0 < told(answer)[1] <= 60 for answer in answers)
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"requests";q=3;w=60'}
    refused = answers[-1]
    assert body_of(refused)["code"] == "rate_limited"
    assert int(refused.headers["Retry-After"]) == told(refused)[1]
    assert body_of(answers[0])["requests_per_minute"] == 3


def test_every_kind_of_answer_counts_and_tells(make_app: MakeApp) -> None:
    client = PhotoClient(make_app(requests_per_minute=10))
    answers = [
        client.get("/v1/jobs/" + "0" * 32),
        client.get("/v1/jobs?limit=0"),
        client.call("POST", "/v1/jobs/" + "0" * 32 + "/cancel"),
        client.get("/v1/admin/dead"),
    ]
    assert [answer.status_code for answer in answers] == [404, 422, 404, 200]
    assert [told(answer)[0] for answer in answers] == [9, 8, 7, 6]


def test_probes_and_what_nobody_is_asked_for_are_free(make_app: MakeApp) -> None:
    client = PhotoClient(make_app(requests_per_minute=1))
    assert client.get("/v1/limits").status_code == 200
    for path in (*PROBES, "/files/x", "/nothing", "/v1/jobs"):
        method = "PUT" if path == "/v1/jobs" else "GET"
        answer = client.call(method, path)
        assert answer.status_code != 429, path
        assert "RateLimit" not in answer.headers
    assert client.get("/v1/limits").status_code == 429


def test_callers_have_minutes_of_their_own(make_app: MakeApp, tmp_path: Path) -> None:
    ann, bob, second = new_key(), new_key(), new_key()
    jobs = frozenset({Scope.JOBS})
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text(
        lines_for(ann, "ann", jobs, {"requests_per_minute": 2})
        + lines_for(second, "ann", jobs, {"requests_per_minute": 2})
        + lines_for(bob, "bob", jobs, {})
    )
    app = make_app(keys_file=keys_file, requests_per_minute=1)
    keys = [ann, second, ann, bob, bob]
    answers = [PhotoClient(app, key).get("/v1/limits") for key in keys]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200, 429]
    stranger = PhotoClient(app, new_key()).get("/v1/limits")
    assert stranger.status_code == 401
    assert "RateLimit" not in stranger.headers


def test_without_a_limit_nothing_is_counted(
    make_app: MakeApp, clean_redis_url: str, api_settings: Settings
) -> None:
    answer = PhotoClient(make_app()).get("/v1/limits")
    assert "RateLimit" not in answer.headers
    assert "RateLimit-Policy" not in answer.headers
    with redis.Redis.from_url(clean_redis_url) as connection:
        assert list(connection.scan_iter("celshade:requests:*")) == []
    PhotoClient(make_app(requests_per_minute=5)).get("/v1/limits")
    with redis.Redis.from_url(clean_redis_url) as connection:
        (window,) = connection.scan_iter("celshade:requests:*")
        assert window == b"celshade:requests:local"
        assert 0 < connection.pttl(window) <= 60_000


def test_at_the_memory_limit_callers_may_still_look(
    make_app: MakeApp, clean_redis_url: str
) -> None:
    client = PhotoClient(make_app(requests_per_minute=5))
    with redis.Redis.from_url(clean_redis_url) as connection:
        before = connection.config_get("maxmemory")["maxmemory"]
        connection.config_set("maxmemory", 1)
        try:
            assert client.get("/v1/jobs").status_code == 200
        finally:
            connection.config_set("maxmemory", before)


@pytest.mark.parametrize("limit", [1000, None])
def test_while_the_job_store_is_frozen_nobody_is_served_without_being_counted(
    tmp_path: Path, limit: int | None
) -> None:
    server = redis_server.prepare(tmp_path / "redis")
    with servers.running_redis(server) as child:
        settings = Settings(
            redis_url=SecretStr(server.url),
            objects="local",
            data_dir=tmp_path / "data",
            requests_per_minute=limit,
        )
        with serving(settings) as app:
            client = PhotoClient(app)
            assert client.get("/v1/limits").status_code == 200
            child.send_signal(signal.SIGSTOP)
            try:
                # Without a limit the keys are what cannot be known: soon, not at once.
                answer = client.get("/v1/limits")
                while limit is None and answer.status_code == 200:
                    answer = client.get("/v1/limits")
                assert (answer.status_code, body_of(answer)["code"]) == (503, "store_unavailable")
                assert int(answer.headers["Retry-After"]) > 0
                assert "RateLimit" not in answer.headers
                assert client.get("/healthz").status_code == 200
            finally:
                child.send_signal(signal.SIGCONT)
            while client.get("/v1/limits").status_code == 503:
                pass
            assert client.get("/v1/limits").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/favicon.ico", 404), ("PUT", "/healthz", 405)],
)
def test_where_no_route_is_nobody_is_asked_for_a_key(
    make_app: MakeApp, tmp_path: Path, method: str, path: str, status: int
) -> None:
    keys_file = write_keys(tmp_path / "keys.toml", {"ann": "key-of-ann"})
    app = make_app(keys_file=keys_file, requests_per_minute=60)
    assert PhotoClient(app).call(method, path).status_code == status
