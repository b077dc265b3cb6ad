"""The origin guard: host names it accepts, and addresses that are never open to everybody."""

from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from api.auth.origin_guard import OriginGuard, is_loopback, may_be_open
from common.errors import Forbidden
from common.settings import Settings

PUBLIC = "https://photos.example:8443/base"


def request(**headers: str) -> Request:
    """A request with these headers, `_` standing for `-`."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return EnvironBuilder(headers=named).get_request()


@pytest.mark.parametrize("name", ["localhost", "LocalHost", "127.0.0.1", "127.8.9.1", "::1"])
def test_loopback_names(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize(
    "name",
    ["", "localhost.evil.example", "128.0.0.1", "0.0.0.0", "::", "127.1", "2130706433"],  # noqa: S104 - refused
)
def test_other_names(name: str) -> None:
    assert not is_loopback(name)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1@evil.example", "127.0.0.1:80:80", "[::1", "", "127.0.0.1/x"]
)
@pytest.mark.parametrize("is_open", [True, False])
def test_without_a_public_url_only_loopback_is_served(host: str, is_open: bool) -> None:
    door = OriginGuard(None)
    with pytest.raises(Forbidden):
        door.check(request(Host=host), is_open=is_open)
    door.check(request(Host="127.0.0.1:8000"), is_open=is_open)


def test_a_public_service_with_keys_answers_under_any_name() -> None:
    door = OriginGuard(PUBLIC)
    door.check(request(Host="10.1.2.3"), is_open=False)
    door.check(request(Host="photos.example", Origin="https://evil.example"), is_open=False)
    assert door.base_url(request(Host="10.1.2.3")) == PUBLIC


def test_an_open_public_service_answers_under_its_name_only() -> None:
    door = OriginGuard(PUBLIC)
    own = {"Host": "photos.example:8443", "Origin": "https://photos.example:8443"}
    door.check(request(**own), is_open=True)
    door.check(request(Host="localhost"), is_open=True)
    for headers in (
        {"Host": "evil.example"},
        {"Host": "photos.example", "Origin": "https://evil.example"},
        {"Host": "photos.example", "Sec_Fetch_Site": "cross-site"},
    ):
        with pytest.raises(Forbidden):
            door.check(request(**headers), is_open=True)


def test_links_follow_a_loopback_host() -> None:
    door = OriginGuard(None)
    assert door.base_url(request(Host="[::1]:81")) == "http://[::1]:81"


def test_a_listed_origin_may_use_an_open_service() -> None:
    door = OriginGuard(None, ["http://localhost:3000"])
    listed = {"Host": "localhost:8000", "Origin": "http://localhost:3000"}
    door.check(request(**listed, Sec_Fetch_Site="cross-site"), is_open=True)
    for headers in (
        {**listed, "Host": "evil.example"},
        {**listed, "Origin": "http://localhost:3001"},
        {"Host": "localhost:8000", "Sec_Fetch_Site": "cross-site"},
    ):
        with pytest.raises(Forbidden):
            door.check(request(**headers), is_open=True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5"])  # noqa: S104 - what is closed
def test_no_open_door_to_others(host: str, tmp_path: Path) -> None:
    assert not may_be_open(Settings(api_host=host))
    assert may_be_open(Settings(api_host=host, allow_open=True))
    assert may_be_open(Settings(api_host="::1"))
    keys_file = tmp_path / "keys.toml"
    assert not may_be_open(Settings(api_host="::1", allow_open=True, keys_file=keys_file))
