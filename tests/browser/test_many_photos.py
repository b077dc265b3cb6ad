"""Twenty photos with one look: each with a fate of its own, applied to all, taken home as a ZIP."""

import io
import json
import re
import zipfile
from pathlib import Path

import httpx
from playwright.sync_api import FilePayload, expect

from tests.browser.conftest import Visit
from tests.browser.person import file
from tests.browser.screens import Screens
from tests.e2e.stack import Stack, until
from tests.support.photos import flat_photo

# Shots of many hues, and what no service can take.
GOOD = 17
BROKEN = flat_photo((90, 30, 200), size=(300, 200))[:-60]
# Two uploads, two submissions, a poll, a look at how busy the service is, a style's sample.
MOST_REQUESTS = 7


def twenty() -> list[FilePayload]:
    """Photos of different hues, and three files that are refused or fail."""
    good = [
        file(f"shot {n:02}.png", flat_photo((12 * n, 200, 255 - 12 * n), number=100 + n))
        for n in range(1, GOOD + 1)
    ]
    return [
        *good,
        file("notes.txt", b"not a photo at all", "text/plain"),
        file("tiny.png", flat_photo((9, 9, 9), size=(8, 8))),
        file("damaged.png", BROKEN),
    ]


def test_twenty_photos_with_one_look(
    service: Stack, visit: Visit, screens: Screens, tmp_path: Path
) -> None:
    person = visit(service.url)
    person.choose(*twenty())
    # Thumbnails come at once, whatever the service is at.
    expect(person.card("shot 01.png").locator(".card-picture")).to_be_visible()
    person.sees_all(20, "succeeded", "refused", "failed")
    expect(person.page.locator("#tally")).to_have_text("17 done · 3 failed")
    for name, phase, why in (
        ("notes.txt", "refused", "This file type is not supported."),
        ("tiny.png", "refused", "8 pixels. Each side needs at least 16."),
        ("damaged.png", "failed", "cannot be read"),
    ):
        expect(person.sees(name, phase).locator(".card-state")).to_contain_text(why)
    screens.keep(person.page, "twenty-photos")

    person.page.get_by_role("radio", name="Slow").check()
    person.page.locator("#settings").get_by_label("Strength").fill("1")
    apply = person.page.get_by_role("button", name=re.compile("^Apply to"))
    expect(apply).to_have_text("Apply to all 18 photos")
    apply.click()
    expect(person.page.get_by_role("button", name="All photos have this look")).to_be_disabled()
    person.sees_all(20, "succeeded", "refused", "failed")
    expect(person.card("shot 17.png").locator(".card-look")).to_have_text(
        re.compile("^Slow, 100%, ")
    )
    assert person.most_requests <= MOST_REQUESTS

    with person.page.expect_download() as downloading:
        person.page.get_by_role("button", name="Download all").click()
    saved = tmp_path / "all.zip"
    downloading.value.save_as(saved)
    names = {f"shot-{n:02}.jpg" for n in range(1, GOOD + 1)}
    with zipfile.ZipFile(io.BytesIO(saved.read_bytes())) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {*names, "manifest.json"}
        listed = json.loads(archive.read("manifest.json"))["files"]
    assert {(each["style"], each["params"]["strength"]) for each in listed} == {("slow", 1.0)}


def test_all_of_it_is_there_after_a_reload(service: Stack, visit: Visit) -> None:
    person = visit(service.url)
    names = [f"kept {n}.png" for n in range(4)]
    person.page.get_by_role("radio", name="Slow").check()
    person.choose(*(file(n, flat_photo((200, 90, 40 * i))) for i, n in enumerate(names)))
    person.sees_all(4, "succeeded")
    person.reload()
    person.sees_all(4, "succeeded")
    assert [c.inner_text() for c in person.page.locator(".card-name").all()] == names
    expect(person.page.get_by_role("radio", name="Slow")).to_be_checked()  # remembered
    # The file is gone with the page before: the photo itself comes from the API.
    viewer = person.opens(names[0])
    before = viewer.locator(".compare-before")
    expect(before).to_have_attribute("src", re.compile(r"/files/inputs/"))
    expect(before).to_have_js_property("naturalWidth", 64)
    viewer.get_by_label("Strength").fill("0.2")
    state = viewer.locator(".viewer-state p").first
    expect(state).to_have_text(re.compile("^Drawn"))
    person.page.keyboard.press("Escape")
    assert len(jobs_named(service, names)) == len(names) + 1

    person.page.get_by_role("button", name="Clear").click()
    person.page.get_by_role("button", name="Delete all").click()
    expect(person.page.locator(".card")).to_have_count(0)
    until(lambda: not jobs_named(service, names), "every job made of them is gone")
    person.reload()
    expect(person.page.locator(".card")).to_have_count(0)


def jobs_named(service: Stack, names: list[str]) -> list[str]:
    """Ids of the jobs that the service has of these photos."""
    answer = httpx.get(f"{service.url}/v1/jobs?limit=100", timeout=30).json()
    return [job["id"] for job in answer["data"] if job["metadata"].get("file") in names]
