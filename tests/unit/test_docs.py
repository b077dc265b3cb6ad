"""The paper: what is generated is current, and no link between pages is dead."""

import re
from pathlib import Path
from urllib.parse import unquote

from common.settings import Settings
from tests.support import checkout
from tools.reference import settings

PAGES = checkout.files("*.md")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|(?:src|href)=\"([^\"]+)\"")


FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def links(page: Path) -> list[str]:
    """Return the links of a page that lead into the checkout, with their anchors."""
    text = FENCED.sub("", page.read_text())
    targets = [first or second for first, second in LINK.findall(text)]
    return [target for target in targets if not re.match(r"[a-z]+:|//", target)]


def relative_links(page: Path) -> list[str]:
    """Return the files that a page links to."""
    files = [unquote(target.partition("#")[0]) for target in links(page)]
    return [file for file in files if file]


def anchors(page: Path) -> set[str]:
    """Return what links may name on a page: its headings as forges and site builders write them."""
    headings = re.findall(r"^#+ (.+?)\s*$", FENCED.sub("", page.read_text()), re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {word.strip().replace(" ", "-") for word in words}


def dead_anchors(page: Path) -> list[str]:
    """Return the links of a page that name a heading which is not there."""
    found = []
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = page.parent / unquote(file) if file else page
        if anchor and target.suffix == ".md" and anchor not in anchors(target):
            found.append(link)
    return found


def test_no_link_is_dead() -> None:
    assert [
        f"{checkout.name_of(page)} links to {link}"
        for page in PAGES
        for link in relative_links(page)
        if not (page.parent / link).exists()
    ] == []


def test_no_anchor_is_dead() -> None:
    assert [
        f"{checkout.name_of(page)} links to {link}" for page in PAGES for link in dead_anchors(page)
    ] == []


def test_a_dead_anchor_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `photo`, several!\n```sh\n# no heading\n```\n[a](#here) [b](page.md#gone)"
    )
    page.write_text(page.read_text() + " [c](#one-photo-several)")

    assert dead_anchors(page) == ["#here", "page.md#gone"]


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('[a](gone.md#x) ![b](pictures/b.png "t") [c](https://example.org) [d](#here)')

    assert relative_links(page) == ["gone.md", "pictures/b.png"]


def test_the_settings_page_is_current() -> None:
    written = (checkout.ROOT / "docs" / "configuration.md").read_text()

    assert written == settings.page(), (
        "run: python -m tools.reference.settings > docs/configuration.md"
    )


def test_every_setting_is_in_a_group_of_the_page() -> None:
    groups = settings.groups()

    assert "" not in groups
    assert sorted(name for names in groups.values() for name in names) == sorted(
        Settings.model_fields
    )


def test_decisions_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (checkout.ROOT / "docs" / "adr").glob("*.md"))

    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]


def test_the_architecture_page_names_what_is_there() -> None:
    """Its paths and functions are words, no links: the site has no code to lead to."""
    text = (checkout.ROOT / "docs" / "architecture.md").read_text()
    paths = set(re.findall(r"`([\w.-]+/[\w./-]+\.(?:py|lua))`", text))
    named = re.findall(r"`([\w.-]+/[\w./-]+\.(?:py|lua))`\s+`(\w+)[\w.]*`", text)

    found = {path: next((p for p in _places(path) if p.is_file()), None) for path in paths}

    assert sorted(path for path, place in found.items() if place is None) == []
    assert [
        (path, name)
        for path, name in named
        if (place := found[path]) is not None
        and not re.search(
            rf"^(?:class|def|local function) {name}\b", place.read_text(), re.MULTILINE
        )
    ] == []


def _places(path: str) -> list[Path]:
    """Where a path of the page may lie: scripts and tests are named from their own folders."""
    return [checkout.ROOT / folder / path for folder in ("", "common/jobstore", "tests")]
