"""A real browser on a real service: Debian's Chromium, driven by Playwright through its path.

The tests share one service and one browser; each has a context of its own, which is a person who
has never been here before. A page that logs an error, or that asks anybody but the service for
anything, fails its test.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.person import Person
from tests.browser.screens import Screens
from tests.e2e.stack import Stack, running_stack
from tests.support.checkout import ROOT
from tests.support.servers import absent
from tests.support.styles import GATE_VARIABLE

CHROMIUM = "CELSHADE_TEST_CHROMIUM"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
STYLES = "tests.support.styles:MarkedStyle,tests.support.styles:SlowStyle"
# A test's time includes starting the service: a busy machine takes minutes for that.
PATIENCE_S = 900

Visit = Callable[..., Person]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give the tests the time that a busy machine needs."""
    item.add_marker(pytest.mark.timeout(PATIENCE_S))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's own process."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The browser; `CELSHADE_TEST_CHROMIUM` names one that is elsewhere."""
    paths = [os.environ.get(CHROMIUM), *map(shutil.which, PROGRAMS)]
    path = next(filter(None, paths), None)
    if path is None:
        absent(f"There is no chromium: apt-get install chromium, or name one with {CHROMIUM}.")
    # Chromium's sandbox does not start as root; what the tests show it is ours.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    running = playwright.chromium.launch(executable_path=path, args=arguments)
    yield running
    running.close()


@pytest.fixture(scope="session")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file whose existence lets blue photos through."""
    return tmp_path_factory.mktemp("gate") / "open"


@pytest.fixture
def closed_gate(gate: Path) -> Iterator[Path]:
    """A gate that is closed when the test begins, and open for whoever waits when it ends."""
    gate.unlink(missing_ok=True)
    yield gate
    gate.touch()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, gate: Path) -> Iterator[Stack]:
    """A running service with one worker and light styles."""
    gate.touch()
    with running_stack(tmp_path_factory.mktemp("stack"), env=light_styles(gate)) as stack:
        yield stack


def light_styles(gate: Path) -> dict[str, str]:
    """Variables of a service whose styles cost next to nothing."""
    return {
        "CELSHADE_EXTRA_STYLES": STYLES,
        "CELSHADE_STYLES": "marked,slow",
        "CELSHADE_MAX_BATCH": "1",  # one photo at the gate holds up nobody's forward but its own
        "CELSHADE_DRAIN_S": "1",
        GATE_VARIABLE: str(gate),
    }


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Let somebody open the page: `visit(url, viewport=(1440, 900), ...)`."""
    people: list[Person] = []

    def come(url: str, **options: Any) -> Person:
        people.append(Person.at(browser, url, **options))
        return people[-1]

    yield come
    for person in people:
        person.leave()


@pytest.fixture
def screens() -> Screens:
    """Keeps a picture of each state, and holds it to be usable by everybody."""
    return Screens(ROOT / "artifacts" / "page")
