"""Signed links: good until they expire, useless when anything in them is changed."""

import stat
import threading
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from common.errors import Forbidden, StorageUnavailable
from common.objects.signed_links import KEY_BYTES, LinkSigner, load_signing_key

START_S = 1_800_000_000.5
NAME = "outputs/ab/1.png"


class SetClock:
    """A clock that stands where it was put."""

    def __init__(self) -> None:
        self.now_s = START_S

    def __call__(self) -> float:
        """Tell the time."""
        return self.now_s


@pytest.fixture
def clock() -> SetClock:
    """A clock at START_S."""
    return SetClock()


@pytest.fixture
def signer(clock: SetClock) -> LinkSigner:
    """A signer on that clock."""
    return LinkSigner(b"k" * KEY_BYTES, now_s=clock)


def link_of(signer: LinkSigner) -> str:
    """Return a link of one minute."""
    return signer.sign(NAME, expires_in_s=60, content_type="image/png", download_name="cat.png")


def context_of(link: str) -> dict[str, str]:
    """Return what `verify` takes, as a server would read it from a request."""
    parts = urlsplit(link)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return {
        "method": "GET",
        "name": unquote(parts.path).removeprefix("/files/"),
        "expires": query["expires"],
        "content_type": query["type"],
        "download_name": query["filename"],
        "signature": query["signature"],
    }


def check(signer: LinkSigner, **parts: str) -> None:
    """Verify a link by its parts."""
    method, name = parts.pop("method"), parts.pop("name")
    signer.verify(
        method,
        name,
        expires=parts["expires"],
        content_type=parts["content_type"],
        download_name=parts["download_name"],
        signature=parts["signature"],
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_is_good_for_reading(signer: LinkSigner, method: str) -> None:
    check(signer, **{**context_of(link_of(signer)), "method": method})


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "get", ""])
def test_a_link_is_good_for_nothing_else(signer: LinkSigner, method: str) -> None:
    with pytest.raises(Forbidden):
        check(signer, **{**context_of(link_of(signer)), "method": method})


def test_a_link_ends_when_it_says(signer: LinkSigner, clock: SetClock) -> None:
    parts = context_of(link_of(signer))
    clock.now_s = START_S + 59
    check(signer, **parts)
    clock.now_s = START_S + 60
    with pytest.raises(Forbidden, match="expired"):
        check(signer, **parts)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("name", "outputs/ab/2.png"),
        ("name", "outputs/ab/1.png/../../../signing.key"),
        ("expires", "99999999999"),
        ("expires", "never"),
        ("expires", ""),
        ("content_type", "text/html"),
        ("download_name", "cat.html"),
        ("signature", ""),
        ("signature", "0" * 64),
        ("signature", "ü"),
        ("signature", "\udcff"),
        ("name", "\udcff"),
    ],
)
def test_a_changed_link_is_refused(signer: LinkSigner, part: str, value: str) -> None:
    with pytest.raises(Forbidden, match="not valid"):
        check(signer, **{**context_of(link_of(signer)), part: value})


def test_fields_cannot_flow_into_each_other(signer: LinkSigner) -> None:
    parts = context_of(link_of(signer))
    moved = {"content_type": "image/png\ncat", "download_name": ".png"}
    with pytest.raises(Forbidden):
        check(signer, **{**parts, **moved})


def test_another_key_makes_another_signature(signer: LinkSigner, clock: SetClock) -> None:
    other = LinkSigner(b"o" * KEY_BYTES, now_s=clock)
    with pytest.raises(Forbidden):
        check(other, **context_of(link_of(signer)))


def test_only_names_are_signed(signer: LinkSigner) -> None:
    with pytest.raises(ValueError, match="not an object name"):
        signer.sign("../a", expires_in_s=1, content_type="image/png", download_name="a.png")
    with pytest.raises(ValueError, match="not a name for a download"):
        signer.sign(NAME, expires_in_s=1, content_type="image/png", download_name='a"')


def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "data" / "signing.key"
    key = load_signing_key(path)
    assert len(key) == KEY_BYTES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signing_key(path) == key
    assert [one.name for one in path.parent.iterdir()] == ["signing.key"]


def test_all_who_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    start = threading.Barrier(8)
    keys = []

    def load() -> None:
        start.wait()
        keys.append(load_signing_key(path))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_key_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    load_signing_key(path)
    path.chmod(0o644)
    load_signing_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "signing.key").write_bytes(b"short")
    with pytest.raises(StorageUnavailable, match="not a signing key"):
        load_signing_key(tmp_path / "signing.key")


def test_a_place_that_cannot_hold_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable, match="signing key"):
        load_signing_key(tmp_path / "file" / "signing.key")
