"""The page as it is served: to everybody, with a policy, kept by browsers, not to foreign pages."""

import re
from pathlib import Path

import pytest

from common.settings import Settings
from tests.integration.api.conftest import MakeApp
from tests.integration.api.photo_client import PhotoClient
from tests.support.keys_file import write_keys

VISIT = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


def script_of(client: PhotoClient) -> str:
    """The address of the page's script."""
    found = re.search(r'src="(page/\w+/js/app\.js)"', client.get("/").text)
    assert found
    return f"/{found[1]}"


def test_the_page_is_served_with_its_policy(client: PhotoClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'; style-src 'self'; img-src 'self' blob:;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "sandbox" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    assert "Strict-Transport-Security" not in answer.headers


def test_behind_tls_it_stays_there(make_app: MakeApp) -> None:
    client = PhotoClient(make_app(public_url="https://photos.example/toon"))
    answer = client.get("/")
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    assert (
        "img-src 'self' https://photos.example blob:;" in answer.headers["Content-Security-Policy"]
    )


@pytest.mark.usefixtures("s3_store")
def test_pictures_may_come_from_the_storage(make_app: MakeApp, s3_settings: Settings) -> None:
    given = s3_settings.model_dump(include={name for name in Settings.model_fields if "s3" in name})
    public = "https://s3.photos.example:9443"
    app = make_app(**{**given, "objects": "s3", "s3_public_endpoint_url": public})
    policy = PhotoClient(app).get("/").headers["Content-Security-Policy"]
    assert f"img-src 'self' {public} blob:;" in policy
    assert f"connect-src 'self' {public};" in policy
    assert str(s3_settings.s3_endpoint_url) not in policy


def test_browsers_ask_again_for_the_page_and_keep_its_files(client: PhotoClient) -> None:
    page = client.get("/")
    assert page.headers["Cache-Control"] == "no-cache"
    assert client.get("/", If_None_Match=page.headers["ETag"]).status_code == 304
    script = client.get(script_of(client))
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(script_of(client), If_None_Match=script.headers["ETag"]).status_code == 304


def test_a_page_of_another_release_gets_files_that_nobody_keeps(client: PhotoClient) -> None:
    answer = client.get("/page/0123456789abcdef/js/app.js")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path",
    ["/page/x/js/none.js", "/page/x/../app.py", "/page/x/%2e%2e/app.py", "/page/x/", "/page/x"],
)
def test_there_is_nothing_else(client: PhotoClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_key_opens_the_api_and_not_the_page(make_app: MakeApp, tmp_path: Path) -> None:
    keys = write_keys(tmp_path / "keys.toml", {"ann": "cs_ann"})
    client = PhotoClient(make_app(keys_file=keys, requests_per_minute=1))
    for _ in range(3):  # nobody's requests are counted
        assert client.get("/").status_code == 200
        assert client.get(script_of(client)).status_code == 200
    assert client.get("/v1/usage").status_code == 401


def test_a_link_on_another_site_leads_to_the_page_and_to_nothing_else(client: PhotoClient) -> None:
    assert client.call("GET", "/", headers=VISIT).status_code == 200
    assert client.call("GET", "/v1/usage", headers=VISIT).status_code == 403
    assert client.call("POST", "/", headers=VISIT).status_code in (403, 405)
    embedded = {**VISIT, "Sec-Fetch-Dest": "iframe"}
    fetched = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    for headers in (embedded, fetched, {**VISIT, "Host": "evil.example"}):
        assert client.call("GET", "/", headers=headers).status_code == 403
    assert client.call("GET", script_of(client), headers=fetched).status_code == 403
