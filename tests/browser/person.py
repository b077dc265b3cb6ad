"""A person at the page: opens it in a browser context of their own and sees what is on it.

Whoever leaves says what was wrong: errors in the console, scripts that broke, requests to others.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page, expect

WIDE = (1440, 900)
PHONE = (360, 740)
PATIENCE_MS = 60_000  # generous: the machine may be busy
# What a browser itself logs of an answer that is an error, or of a service that is away.
REFUSED = re.compile(r"Failed to load resource: (the server responded|net::ERR)")


@dataclass
class Person:
    """Somebody at the page.

    Attributes:
        context: Their browser, with its storage.
        page: The page.
        origins: Others than the service that may be asked, the storage's.
        expects_refusals: Whether answers that are errors belong to the test.
        faults: What went wrong so far.
        most_requests: The most requests to the API that were under way at one moment.
    """

    context: BrowserContext
    page: Page
    url: str
    origins: set[str]
    expects_refusals: bool = False
    faults: list[str] = field(default_factory=list)
    most_requests: int = 0
    _under_way: set[Any] = field(default_factory=set)

    @classmethod
    def at(
        cls,
        browser: Browser,
        url: str,
        *,
        viewport: tuple[int, int] = WIDE,
        phone: bool = False,
        locale: str = "en-GB",
        origins: Iterable[str] = (),
        goes: bool = True,
    ) -> "Person":
        """Come to the service at an address, and wait until photos are taken."""
        width, height = PHONE if phone else viewport
        context = browser.new_context(
            viewport={"width": width, "height": height},
            has_touch=phone,
            is_mobile=phone,
            device_scale_factor=2 if phone else 1,
            locale=locale,
            color_scheme="light",
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page = context.new_page()
        person = cls(context, page, url, set(origins))
        person._listen()
        if goes:
            page.goto(url)
            person.wait_until_open()
        return person

    def _listen(self) -> None:
        page = self.page
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("request", self._count)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)
        page.on("dialog", self._refuse)
        # From the beginning: Playwright does not wait until the browser has heard that it listens.
        page.on("filechooser", self._let_choose)

    def _hear(self, kind: str, text: str) -> None:
        if kind != "error" or (self.expects_refusals and REFUSED.match(text)):
            return
        self.faults.append(f"console: {text}")

    def _count(self, request: Any) -> None:
        parts = urlsplit(request.url)
        own = urlsplit(self.url)
        if parts.scheme == "blob":
            return
        if parts.netloc != own.netloc and f"{parts.scheme}://{parts.netloc}" not in self.origins:
            self.faults.append(f"somebody else was asked: {request.url}")
        if parts.path.startswith("/v1/"):
            self._under_way.add(request)
            self.most_requests = max(self.most_requests, len(self._under_way))

    def _end(self, request: Any) -> None:
        self._under_way.discard(request)

    def _refuse(self, dialog: Any) -> None:
        if dialog.type == "beforeunload":
            dialog.accept()
            return
        self.faults.append(f"a window popped up: {dialog.message}")
        dialog.dismiss()

    def _let_choose(self, _: Any) -> None:
        """The test says what is chosen."""

    def leave(self) -> None:
        """Close the browser; raise when anything was wrong."""
        self.context.close()
        assert self.faults == []

    def wait_until_open(self) -> None:
        """Wait until the page takes photos."""
        expect(self.page.locator("#pick")).to_be_enabled()

    def reload(self) -> None:
        """Load the page anew: nothing of its memory is left, all of its storage is."""
        self.page.reload()
        self.wait_until_open()

    def choose(self, *files: FilePayload | Path) -> None:
        """Choose files in the system's dialog."""
        self.page.locator("#files").set_input_files(list(files))  # type: ignore[arg-type]  # one kind at a time

    def card(self, name: str) -> Locator:
        """The card of a photo."""
        return self.page.locator(".card").filter(has=self.page.get_by_text(name, exact=True))

    def sees(self, name: str, phase: str) -> Locator:
        """Wait until a photo is in a phase; return its card."""
        card = self.card(name)
        expect(card).to_have_attribute("data-phase", phase)
        return card

    def sees_all(self, count: int, *phases: str) -> None:
        """Wait until there are so many photos and each is in one of these phases."""
        self.page.wait_for_function(
            """([count, phases]) => {
                const cards = [...document.querySelectorAll('.card')];
                return cards.length === count && cards.every(c => phases.includes(c.dataset.phase));
            }""",
            arg=[count, phases],
        )

    def opens(self, name: str) -> Locator:
        """Look closer at a photo; return the viewer."""
        self.card(name).locator(".card-view").click()
        viewer = self.page.locator("#viewer")
        expect(viewer).to_be_visible()
        return viewer

    def divider(self) -> int:
        """Where the line of the viewer stands, per cent."""
        return int(self.page.locator("#viewer .compare-range").input_value())

    def overflow_px(self) -> int:
        """How much wider the page is than its window."""
        script = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(script))


def file(name: str, body: bytes, kind: str = "image/png") -> FilePayload:
    """A file to choose, drop or paste."""
    return {"name": name, "mimeType": kind, "buffer": body}
