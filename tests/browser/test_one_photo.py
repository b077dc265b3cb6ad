"""One photo's way through the page: in, drawn, compared, drawn otherwise, taken home."""

import base64
import io
import re
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.person import Person, file
from tests.browser.screens import Screens
from tests.e2e.stack import Stack
from tests.support.checkout import ROOT
from tests.support.photos import flat_photo
from tests.support.styles import GREEN

PORTRAIT = ROOT / "tests" / "photos" / "astronaut.jpg"

HAND_OVER = """([kind, name, type, body]) => {
    const bytes = Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
    const held = new DataTransfer();
    held.items.add(new File([bytes], name, { type }));
    if (kind === 'paste') {
        document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: held, bubbles: true }));
        return;
    }
    for (const each of ['dragover', 'drop']) {
        const event = new DragEvent(each, { dataTransfer: held, bubbles: true, cancelable: true });
        document.body.dispatchEvent(event);
    }
}"""


def hand_over(person: Person, kind: str, name: str, body: bytes) -> None:
    """Drop or paste a file."""
    text = base64.b64encode(body).decode()
    person.page.evaluate(HAND_OVER, [kind, name, "image/png", text])


def test_a_photo_is_drawn_compared_and_taken_home(
    service: Stack, visit: Visit, screens: Screens, tmp_path: Path
) -> None:
    person = visit(service.url)
    screens.keep(person.page, "empty")
    person.choose(PORTRAIT)
    card = person.sees("astronaut.jpg", "succeeded")
    expect(card.locator(".card-state")).to_have_text(re.compile(r"^Drawn in \d"))
    expect(person.page.locator("#live")).to_have_text("astronaut.jpg is done")
    screens.keep(person.page, "one-photo")

    viewer = person.opens("astronaut.jpg")
    expect(viewer.locator(".compare-before")).to_have_js_property("complete", True)
    screens.keep(person.page, "viewer")
    with person.page.expect_download() as downloading:
        viewer.get_by_role("button", name="Download").click()
    saved = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(saved)
    assert saved.name == "astronaut-marked.jpg"
    with Image.open(saved) as picture:
        assert (picture.format, picture.size) == ("JPEG", (512, 512))


def test_strength_on_a_finished_picture_draws_again_and_hits_what_was_seen(
    service: Stack, visit: Visit
) -> None:
    person = visit(service.url)
    person.choose(file("leaf.png", flat_photo(GREEN, number=1)))
    person.sees("leaf.png", "succeeded")
    viewer = person.opens("leaf.png")
    state, strength = viewer.locator(".viewer-state p").first, viewer.get_by_label("Strength")
    expect(state).to_have_text(re.compile("^Drawn"))
    shown = viewer.locator(".compare-after")
    first = shown.get_attribute("src")

    strength.fill("0.3")
    expect(shown).not_to_have_attribute("src", first or "")
    expect(state).to_have_text(re.compile("^Drawn"))
    strength.fill("0.7")
    expect(state).to_have_text(re.compile(r"^From the cache, \d+\sm?s$"))


def test_the_line_moves_by_mouse_and_keyboard_and_the_way_leads_to_the_pixels(
    service: Stack, visit: Visit, screens: Screens
) -> None:
    person = visit(service.url)
    person.choose(PORTRAIT)
    person.sees("astronaut.jpg", "succeeded")
    viewer = person.opens("astronaut.jpg")
    box = viewer.locator(".compare-after").bounding_box()
    assert box
    middle_y = box["y"] + box["height"] / 2
    person.page.mouse.move(box["x"] + box["width"] * 0.5, middle_y)
    person.page.mouse.down()
    person.page.mouse.move(box["x"] + box["width"] * 0.2, middle_y, steps=4)
    person.page.mouse.up()
    assert 18 <= person.divider() <= 22
    person.page.keyboard.press("ArrowRight")
    assert 19 <= person.divider() <= 23

    level = viewer.locator(".viewer-level")
    person.page.keyboard.press("1")
    expect(level).to_have_text("100%")
    drawn = viewer.locator(".compare-after").bounding_box()
    assert drawn
    assert round(drawn["width"]) == 512
    for _ in range(4):
        person.page.keyboard.press("+")
    expect(level).to_have_text("506%")
    expect(viewer.locator(".compare-stage")).to_have_class(re.compile("is-pixelated"))
    screens.keep(person.page, "viewer-pixels")
    person.page.keyboard.press("0")
    expect(viewer.get_by_role("button", name="Fit to window")).to_be_disabled()


def test_a_copied_link_leads_to_the_picture(service: Stack, visit: Visit) -> None:
    person = visit(service.url)
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.choose(file("leaf.png", flat_photo(GREEN, number=2)))
    person.sees("leaf.png", "succeeded")
    viewer = person.opens("leaf.png")
    viewer.get_by_role("button", name="Copy link").click()
    expect(person.page.get_by_text("Link copied")).to_be_visible()
    link = person.page.evaluate("() => navigator.clipboard.readText()")
    answer = httpx.get(link, follow_redirects=True, timeout=30)
    assert answer.headers["Content-Type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (64, 64)


def test_a_dropped_and_a_pasted_photo_are_taken(service: Stack, visit: Visit) -> None:
    person = visit(service.url)
    hand_over(person, "drop", "dropped.png", flat_photo(GREEN, number=3))
    person.sees("dropped.png", "succeeded")
    hand_over(person, "paste", "pasted.png", flat_photo(GREEN, number=4))
    person.sees("pasted.png", "succeeded")
