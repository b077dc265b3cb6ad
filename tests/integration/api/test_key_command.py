"""`python -m api keys` on a real job store, and what the service does when keys come and go."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from flask import Flask

from api.__main__ import main
from api.auth.keys_file import lines_for
from common.callers import Scope, digest_of, new_key
from common.settings import Settings
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.intake_server import wait_until
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.support.hand_worker import HandWorker

Output = pytest.CaptureFixture[str]
Create = Callable[..., str]


@pytest.fixture
def create(api_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> Create:
    """Makes keys by the command, and leaves its job store in the environment."""
    monkeypatch.setenv("CELSHADE_REDIS_URL", api_settings.redis_url.get_secret_value())

    def create(*words: str) -> str:
        assert main(["keys", "create", *words]) == 0
        output = capsys.readouterr()
        assert re.fullmatch(r"cs_[\w-]{43}\n", output.out)
        assert output.out.strip() not in output.err
        return output.out.strip()

    return create


def status_of(app: Flask, key: str | None = None) -> int:
    """What a caller with this key is answered."""
    return PhotoClient(app, key).get("/v1/limits").status_code


def wait_for(status: int, app: Flask, key: str | None = None) -> None:
    """Return when a caller with this key is answered so."""
    wait_until(lambda: status_of(app, key) == status, f"answered {status}")


def test_the_key_is_shown_once_and_kept_nowhere(create: Create, clean_redis_url: str) -> None:
    key = create("ann", "--scopes", "jobs,admin")
    with redis.Redis.from_url(clean_redis_url, decode_responses=True) as connection:
        assert set(connection.scan_iter()) == {"celshade:api_keys", "celshade:api_keys_mark"}
        (kept,) = connection.hgetall("celshade:api_keys").items()
    assert kept[0] == key[:11]
    assert digest_of(key) in kept[1]
    assert key[11:] not in str(kept)


def test_the_list_tells_what_keys_there_are(create: Create, capsys: Output) -> None:
    assert main(["keys", "list"]) == 0
    assert "None was ever made" in capsys.readouterr().err
    ann = create("ann", "--weight", "2.5", "--megapixels-per-day", "inf")
    create("bob", "--scopes", "admin", "--requests-per-minute", "60")
    assert main(["keys", "list"]) == 0
    titles, *rows = [re.split(r"  +", line) for line in capsys.readouterr().out.splitlines()]
    assert [dict(zip(titles, row, strict=True)) for row in rows] == [
        {
            "key": f"{ann[:11]}...",
            "caller": "ann",
            "scopes": "jobs",
            "weight": "2.5",
            "open jobs": "-",
            "MP/day": "inf",
            "requests/min": "-",
            "created": rows[0][7],
            "last used": "-",
        },
        {**dict(zip(titles, rows[1], strict=True)), "caller": "bob", "requests/min": "60"},
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\dZ", rows[0][7])


def test_a_revoked_key_is_refused_by_every_process(
    create: Create, make_app: MakeApp, capsys: Output
) -> None:
    ann, bob = create("ann"), create("bob")
    apps = [make_app(), make_app()]
    assert [status_of(app, key) for app in apps for key in (ann, bob)] == [200] * 4
    assert main(["keys", "revoke", ann]) == 0
    assert ann not in capsys.readouterr().err
    for app in apps:
        wait_for(401, app, ann)
        assert status_of(app, bob) == 200
    assert main(["keys", "revoke", ann]) == 1
    assert "No key begins with" in capsys.readouterr().err


def test_the_first_key_closes_the_service_for_good(create: Create, make_app: MakeApp) -> None:
    apps = [make_app(), make_app()]
    HandWorker(context_of(apps[0]).store, context_of(apps[0]).objects).beat()
    assert [status_of(app) for app in apps] == [200, 200]
    job = PhotoClient(apps[0]).submit()
    key = create("ann")
    for app in apps:
        wait_for(401, app)
        assert status_of(app, key) == 200
        assert PhotoClient(app, key).get(f"/v1/jobs/{job['id']}").status_code == 404
    assert main(["keys", "revoke", key]) == 0
    for app in apps:
        wait_for(401, app, key)
        assert status_of(app) == 401
    local = create("local")  # the jobs of the time without keys
    wait_for(200, apps[0], local)
    assert PhotoClient(apps[0], local).job(job)["id"] == job["id"]


def test_pages_and_names_are_no_matter_once_there_is_a_key(
    create: Create, make_app: MakeApp
) -> None:
    app = make_app(public_url="https://photos.example")
    foreign = {"headers": {"Host": "10.1.2.3", "Origin": "https://evil.example"}}
    assert PhotoClient(app).call("GET", "/v1/limits", **foreign).status_code == 403
    client = PhotoClient(app, create("ann"))
    wait_until(lambda: client.get("/v1/limits").status_code == 200, "the key is known")
    assert client.call("GET", "/v1/limits", **foreign).status_code == 200


def test_another_address_is_never_open(make_app: MakeApp, create: Create) -> None:
    app = make_app(api_host="0.0.0.0", public_url="https://photos.example")  # noqa: S104 - closed
    assert status_of(app) == 401
    key = create("ann")
    wait_for(200, app, key)
    assert status_of(make_app(api_host="0.0.0.0", allow_open=True)) == 401  # noqa: S104 - see above


def test_a_file_and_the_job_store_may_both_hold_keys(
    create: Create, make_app: MakeApp, tmp_path: Path
) -> None:
    filed, stored = new_key(), create("ann", "--max-open-jobs", "7", "--scopes", "jobs,admin")
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text(lines_for(filed, "ann", frozenset({Scope.JOBS}), {"max_open_jobs": 5}))
    app = make_app(keys_file=keys_file)
    clients = [PhotoClient(app, key) for key in (filed, stored)]
    told = [body_of(client.get("/v1/limits"))["max_open_jobs"] for client in clients]
    assert told == [5, 5]  # one caller has one share: the file's
    assert [client.get("/metrics").status_code for client in clients] == [403, 200]
    assert status_of(app) == status_of(app, new_key()) == 401


@pytest.mark.parametrize("words", [["create", "ann"], ["list"], ["revoke", "cs_12345678"]])
def test_without_a_job_store_the_command_says_so(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setenv("CELSHADE_REDIS_URL", "redis://127.0.0.1:1/0")
    assert main(["keys", *words]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "The job store does not answer" in output.err


def test_an_open_door_is_not_served(
    create: Create, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setenv("CELSHADE_API_HOST", "0.0.0.0")  # noqa: S104 - what is refused
    assert main([]) == 2
    assert "python -m api keys create NAME" in capsys.readouterr().err
