"""The document and its page, as the application sends them."""

import re
from pathlib import Path

import pytest

from api.auth.keys_file import lines_for
from api.reference.routes import POLICY
from common.callers import Scope, new_key
from tests.integration.api.conftest import MakeApp
from tests.integration.api.photo_client import PhotoClient, body_of


@pytest.mark.parametrize("address", ["/openapi.json", "/docs"])
def test_it_is_sent_again_only_when_it_has_changed(client: PhotoClient, address: str) -> None:
    first = client.get(address)
    again = client.get(address, If_None_Match=first.headers["ETag"])

    assert (first.status_code, again.status_code) == (200, 304)
    assert first.headers["Cache-Control"] == "no-cache"
    assert again.data == b""


def test_a_service_with_keys_says_so_to_everybody(make_app: MakeApp, tmp_path: Path) -> None:
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text(lines_for(new_key(), "ann", frozenset({Scope.JOBS}), {}))
    closed = PhotoClient(make_app(keys_file=keys_file)).get("/openapi.json")
    open_ = PhotoClient(make_app()).get("/openapi.json")

    def wanted(document: dict[str, dict[str, dict[str, dict[str, object]]]]) -> object:
        return document["paths"]["/v1/jobs"]["get"]["security"]

    assert (closed.status_code, open_.status_code) == (200, 200)
    assert wanted(body_of(closed)) == [{"key": []}]
    assert wanted(body_of(open_)) == [{"key": []}, {}]


def test_links_begin_with_the_public_address(make_app: MakeApp) -> None:
    app = make_app(public_url="https://cartoons.example")

    assert body_of(PhotoClient(app).get("/openapi.json"))["servers"] == [
        {"url": "https://cartoons.example"}
    ]


def test_the_page_is_held_to_its_own_style(client: PhotoClient) -> None:
    page = client.get("/docs")
    style = re.search(r'<link rel="stylesheet" href="([^"]+)">', page.text)

    assert page.mimetype == "text/html"
    assert page.headers["Content-Security-Policy"] == POLICY
    assert "unsafe" not in POLICY
    assert style is not None
    found = client.get(f"/{style[1]}")
    assert (found.status_code, found.mimetype) == (200, "text/css")


def test_a_name_with_half_a_character_is_a_problem_like_any_other(client: PhotoClient) -> None:
    answer = client.call(
        "POST", "/v1/archives", data='{"\\ud800": 1}', headers={"Content-Type": "application/json"}
    )

    assert (answer.status_code, body_of(answer)["code"]) == (422, "invalid_param")
