"""Where others may come in: a key is asked for, and pictures come from S3 by signed links."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, light_styles
from tests.browser.person import Person, file
from tests.browser.screens import Screens
from tests.e2e.stack import Stack, running_stack, until
from tests.support.keys_file import write_keys
from tests.support.photos import flat_photo
from tests.support.styles import GREEN

KEY = "cs_ann-and-nobody-else"
OTHER_KEY = "cs_ann-once-more"
MOST_REFUSED = 20  # requests of three uploads, a look at the load now and then, and no more


@pytest.fixture(scope="module")
def closed_service(tmp_path_factory: pytest.TempPathFactory, gate: Path) -> Iterator[Stack]:
    """A service that asks for a key, with its pictures on a real S3 server."""
    folder = tmp_path_factory.mktemp("closed")
    keys = write_keys(folder / "keys.toml", {"ann": KEY})
    # One process: what it refuses, nobody else lets in for another second.
    one = {"CELSHADE_API_PROCESSES": "1", "CELSHADE_KEYS_FILE": str(keys)}
    env = {**light_styles(gate), **one}
    with running_stack(folder, store="s3", env=env) as stack:
        yield stack


def storage_of(stack: Stack) -> str:
    """The origin of the storage, as the page's policy names it."""
    policy = httpx.get(stack.url, timeout=30).headers["Content-Security-Policy"]
    found = re.search(r"img-src 'self' (\S+) blob:", policy)
    assert found, policy
    assert f"connect-src 'self' {found[1]};" in policy
    return found[1]


def give_key(person: Person, key: str) -> None:
    """Type a key and go on."""
    dialog = person.page.locator("#key-dialog")
    dialog.get_by_label("API key").fill(key)
    dialog.get_by_role("button", name="Continue").click()


def test_a_key_opens_the_page_and_stays_in_the_tab(
    closed_service: Stack, visit: Visit, screens: Screens
) -> None:
    storage = storage_of(closed_service)
    person = visit(closed_service.url, goes=False, origins=[storage])
    person.expects_refusals = True
    requests: list[str] = []
    person.page.on("request", lambda request: requests.append(request.url))
    person.page.goto(closed_service.url)
    expect(person.page.locator("#key-dialog")).to_be_visible()
    screens.keep(person.page, "key")
    give_key(person, "cs_another")
    expect(person.page.locator("#key-dialog")).to_contain_text("This key is not valid here.")
    give_key(person, KEY)
    person.wait_until_open()

    person.choose(file("leaf.png", flat_photo(GREEN, number=500)))
    card = person.sees("leaf.png", "succeeded")
    picture = card.locator(".card-picture")
    expect(picture).to_have_js_property("naturalWidth", 64)
    assert urlsplit(picture.get_attribute("src") or "").netloc == urlsplit(storage).netloc
    person.reload()  # the tab still knows the key
    person.sees("leaf.png", "succeeded")
    before = person.opens("leaf.png").locator(".compare-before")
    expect(before).to_have_js_property("naturalWidth", 64)

    kept = person.page.evaluate("() => JSON.stringify(localStorage)")
    assert "jobId" in kept
    assert KEY not in kept
    assert not [url for url in requests if KEY in url]


def test_a_key_that_is_taken_back_is_asked_for_once(closed_service: Stack, visit: Visit) -> None:
    person = visit(closed_service.url, goes=False, origins=[storage_of(closed_service)])
    person.expects_refusals = True
    person.page.goto(closed_service.url)
    give_key(person, KEY)
    person.wait_until_open()
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    file_of_keys = closed_service.layout.root.parent / "keys.toml"
    write_keys(file_of_keys, {"ann": OTHER_KEY})
    until(lambda: not lets_in(closed_service, KEY), "the key is refused")
    names = [f"late {n}.png" for n in range(3)]
    photos = [flat_photo(GREEN, number=510 + n) for n in range(3)]
    person.choose(*(file(name, body) for name, body in zip(names, photos, strict=True)))
    expect(person.page.locator("#key-dialog")).to_contain_text("This key is not valid here.")
    expect(person.card(names[0]).locator(".card-state")).to_have_text("The key is not valid here.")
    before = len(asked)
    give_key(person, OTHER_KEY)
    expect(person.page.locator("#key-dialog")).to_be_hidden()
    person.page.get_by_role("button", name="Retry failed").click()
    person.sees_all(3, "succeeded")
    assert before < MOST_REFUSED  # nobody knocks without a pause
    write_keys(file_of_keys, {"ann": KEY})
    until(lambda: lets_in(closed_service, KEY), "the key is good again")


def lets_in(service: Stack, key: str) -> bool:
    """Whether a key is known."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(f"{service.url}/v1/usage", headers=headers, timeout=30).is_success


def test_without_a_key_there_is_nothing_to_see(closed_service: Stack, visit: Visit) -> None:
    stranger = visit(closed_service.url, goes=False)
    stranger.expects_refusals = True
    stranger.page.goto(closed_service.url)
    expect(stranger.page.locator("#key-dialog")).to_be_visible()
    expect(stranger.page.locator(".card")).to_have_count(0)
