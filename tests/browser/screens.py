"""States of the page: a picture of each is kept, and axe finds nothing that shuts anybody out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.base import (  # type: ignore[import-untyped]  # it ships no types
    AXE_FILE_PATH,
)
from playwright.sync_api import Page

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Transitions end: contrast is measured on what stays.
STILL = """() => Promise.all(
    document.getAnimations()
        .filter((each) => each.effect.getTiming().iterations !== Infinity)
        .map((each) => each.finished.catch(() => {})))"""


@dataclass(frozen=True)
class Screens:
    """Where the pictures of the states are kept."""

    folder: Path

    def keep(self, page: Page, state: str) -> None:
        """Take a picture of a state in light and in dark, and hold both to axe's rules.

        Args:
            page: The page.
            state: The state's name, that of the picture's file.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.evaluate(STILL)
            page.screenshot(path=self.folder / f"{state}-{theme}.png")
            found = violations(page)
            assert not found, f"{state}, {theme}: {found}"
        page.emulate_media(color_scheme="light")


def violations(page: Page) -> list[dict[str, Any]]:
    """Return what axe has against the page as it is: rule, and where."""
    page.evaluate(AXE_FILE_PATH.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run()")
    return [
        {
            "rule": each["id"],
            "where": [(node["html"], node["failureSummary"]) for node in each["nodes"]],
        }
        for each in found["violations"]
    ]
