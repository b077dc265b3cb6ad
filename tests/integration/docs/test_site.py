"""The documentation as a site: built without a warning, whole, and complete without a network."""

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.support import checkout

CONFIG = "zensical.toml"
BUILD_S = 120


@dataclass
class Page(HTMLParser):
    """What a page of HTML links to, what it loads, and what may be linked to in it."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag's attributes."""
        told = dict(attrs)
        if told.get("id"):
            self.ids.add(str(told["id"]))
        for name in ("href", "src"):
            target = told.get(name)
            if target is None:
                continue
            is_link = tag == "a" or told.get("rel") in {"prev", "next", "canonical"}
            (self.links if is_link else self.loads).append(target)


def read(path: Path) -> Page:
    """Read a page of HTML."""
    page = Page()
    page.feed(path.read_text())
    return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built from what git would commit."""
    program = checkout.program("zensical", wheel="zensical")
    root = tmp_path_factory.mktemp("docs")
    for path in checkout.files("docs/*", CONFIG):
        target = root / checkout.name_of(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    built = subprocess.run(
        [program, "build", "--strict"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return root / "build" / "docs"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """Its pages by their paths."""
    return {path.relative_to(site).as_posix(): read(path) for path in site.rglob("*.html")}


def navigated(entries: list[Any]) -> Iterator[str]:
    """Yield the files that the navigation leads to."""
    for entry in entries:
        for target in entry.values():
            yield from [target] if isinstance(target, str) else navigated(target)


def test_every_page_is_in_the_navigation() -> None:
    nav = tomllib.loads((checkout.ROOT / CONFIG).read_text())["project"]["nav"]
    written = [checkout.name_of(path).removeprefix("docs/") for path in checkout.files("docs/*.md")]

    assert sorted(navigated(nav)) == sorted(written)


def test_every_page_is_built(pages: dict[str, Page]) -> None:
    written = [checkout.name_of(path).removeprefix("docs/") for path in checkout.files("docs/*.md")]

    assert {name.replace(".md", ".html") for name in written} <= pages.keys()


def test_no_link_of_the_site_is_dead(site: Path, pages: dict[str, Page]) -> None:
    dead = []
    for name, page in pages.items():
        if name == "404.html":  # its links begin at the root of wherever the site is put
            continue
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            target = (target / "index.html" if target.is_dir() else target).resolve()
            if not target.is_file() or not target.is_relative_to(site.resolve()):
                dead.append(f"{name}: {link}")
                continue
            found = pages.get(target.relative_to(site.resolve()).as_posix())
            anchor = unquote(parts.fragment)
            if found and anchor and anchor not in found.ids:
                dead.append(f"{name}: {link}")

    assert dead == []


def test_nothing_is_loaded_from_elsewhere(pages: dict[str, Page]) -> None:
    foreign = [
        f"{name}: {source}"
        for name, page in pages.items()
        for source in page.loads
        if urlsplit(source).netloc
    ]

    assert foreign == []


def test_the_search_knows_the_pages(site: Path) -> None:
    index = (site / "search.json").read_text()

    assert "queue_full_for_key" in index
    assert "Idempotency-Key" in index
