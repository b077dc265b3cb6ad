"""The files of the pages: what is served of a folder, under which address, with which policy."""

from pathlib import Path

import pytest

from api.web.content_security_policy import content_security_policy, origin_of, picture_origins
from api.web.static_files import CONTENT_TYPES, FOLDER_MARK, StaticFiles
from common.objects.local import LocalStore
from common.objects.signed_links import LinkSigner
from tests.support import checkout

PAGE = checkout.ROOT / "api" / "web" / "page"
MOST_LINES = 300
MOST_SCRIPT_BYTES = 150_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page, its script, and what is none of it."""
    (tmp_path / "js").mkdir()
    (tmp_path / "index.html").write_text('<script src="page/@/js/app.js">')
    (tmp_path / "js" / "app.js").write_text("1")
    (tmp_path / ".env").write_text("SECRET=1")
    (tmp_path / "notes.md").write_text("not for everybody")
    return tmp_path


def test_only_files_of_a_page_are_served(folder: Path) -> None:
    files = StaticFiles(folder)
    assert set(files.names()) == {"index.html", "js/app.js"}
    assert files.get("../index.html") is None
    assert files.get(".env") is None


def test_a_page_names_the_folder_of_its_release(folder: Path) -> None:
    files = StaticFiles(folder)
    page = files.get("index.html")
    assert page
    assert page.body == f'<script src="page/{files.digest}/js/app.js">'.encode()
    assert page.content_type == "text/html; charset=utf-8"


def test_another_file_is_another_release(folder: Path) -> None:
    before = StaticFiles(folder)
    (folder / "js" / "app.js").write_text("2")
    after = StaticFiles(folder)
    assert before.digest != after.digest
    for name in before.names():
        one, other = before.get(name), after.get(name)
        assert one
        assert other
        assert one.etag != other.etag


def test_a_policy_names_where_pictures_come_from_and_nothing_else() -> None:
    rules = content_security_policy(["https://s3.example:9000"]).split("; ")
    assert "default-src 'none'" in rules
    assert "script-src 'self'" in rules
    assert "style-src 'self'" in rules
    assert "img-src 'self' https://s3.example:9000 blob:" in rules
    assert "connect-src 'self' https://s3.example:9000" in rules
    assert "frame-ancestors 'none'" in rules
    assert not [rule for rule in rules if "unsafe" in rule or "*" in rule]


@pytest.mark.parametrize(
    ("public_url", "origins"),
    [(None, ()), ("https://photos.example/toon", ("https://photos.example",))],
)
def test_pictures_of_the_local_store_come_from_where_links_lead(
    tmp_path: Path, public_url: str | None, origins: tuple[str, ...]
) -> None:
    store = LocalStore(tmp_path, signer=LinkSigner(b"k" * 32))
    assert picture_origins(store, public_url) == origins


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://s3.example:9000/bucket/x?y=z", "https://s3.example:9000"),
        ("/files/outputs/x?expires=1", None),
    ],
)
def test_the_origin_of_a_link(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


def test_every_file_of_our_pages_has_a_type() -> None:
    kinds = {path.suffix for path in checkout.files("api/web/page/*")}
    assert kinds <= CONTENT_TYPES.keys()


def test_our_pages_hold_no_script_and_no_style_of_their_own() -> None:
    for path in PAGE.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert " style=" not in text
        assert "<style" not in text
        assert not [
            part for part in text.split("<script")[1:] if not part.startswith((" src=", " type="))
        ]
        assert "http://" not in text
        assert "https://" not in text
        assert FOLDER_MARK in text


def test_no_markup_is_made_of_text() -> None:
    makers = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        'setAttribute("on',
    )
    found = [
        (path.name, maker)
        for path in checkout.files("api/web/page/*.js")
        for maker in makers
        if maker in path.read_text(encoding="utf-8")
    ]
    assert found == []


def test_scripts_are_short_say_what_they_own_and_are_few_in_all() -> None:
    texts = {
        checkout.name_of(p): p.read_text(encoding="utf-8")
        for p in checkout.files("api/web/page/*.js")
    }
    assert texts
    assert [name for name, text in texts.items() if len(text.splitlines()) > MOST_LINES] == []
    assert [name for name, text in texts.items() if not text.startswith("// ")] == []
    photos = [text for name, text in texts.items() if "ops" not in name]
    assert sum(len(text.encode()) for text in photos) <= MOST_SCRIPT_BYTES
