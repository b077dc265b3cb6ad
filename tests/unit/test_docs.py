"""The paper: what is generated is current, and no link between pages is dead."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from common import settings_page
from common.settings import Settings
from tests import checkout

PAGES = checkout.files("*.md")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|(?:src|href)=\"([^\"]+)\"")


def relative_links(page: Path) -> list[str]:
    """Return the links of a page that lead into the checkout, without their anchors."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    targets = [first or second for first, second in LINK.findall(text)]
    inside = [target for target in targets if not re.match(r"[a-z]+:|//|#", target)]
    return [unquote(target.partition("#")[0]) for target in inside]


@pytest.mark.parametrize("page", PAGES, ids=checkout.name_of)
def test_no_link_is_dead(page: Path) -> None:
    assert [link for link in relative_links(page) if not (page.parent / link).exists()] == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('[a](gone.md#x) ![b](pictures/b.png "t") [c](https://example.org) [d](#here)')

    assert relative_links(page) == ["gone.md", "pictures/b.png"]


def test_the_settings_page_is_current() -> None:
    written = (checkout.ROOT / "docs" / "configuration.md").read_text()

    assert written == settings_page.page(), (
        "run: python -m common.settings_page > docs/configuration.md"
    )


def test_every_setting_is_in_a_group_of_the_page() -> None:
    groups = settings_page.groups()

    assert "" not in groups
    assert sorted(name for names in groups.values() for name in names) == sorted(
        Settings.model_fields
    )


def test_decisions_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (checkout.ROOT / "docs" / "adr").glob("*.md"))

    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
