"""What is said of a photo while it waits and runs; canceled, tried again, reloaded, cut off."""

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Request, expect

from tests.browser.conftest import Visit
from tests.browser.person import file
from tests.browser.screens import Screens
from tests.e2e.stack import Stack
from tests.support.photos import flat_photo
from tests.support.styles import BLUE, GREEN


@contextlib.contextmanager
def held_back(service: Stack) -> Iterator[None]:
    """Start nothing anew for as long as the block lasts."""
    os.kill(service.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(service.process.pid, signal.SIGCONT)


def is_look(sent: Request) -> bool:
    """Whether somebody asks how a job stands."""
    return sent.method == "GET" and bool(re.search(r"/v1/jobs/[0-9a-f]{32}$", sent.url))


def wait_of(sent: Request) -> str | None:
    """How long the answer may be held back, as the request has it."""
    return sent.headers.get("prefer")


def waiting(number: int) -> bytes:
    """A photo that waits at the gate, unlike any other."""
    return flat_photo(BLUE, number=number)


def test_the_place_in_line_is_told_and_each_can_be_canceled_and_tried_again(
    service: Stack, visit: Visit, screens: Screens, closed_gate: Path
) -> None:
    person = visit(service.url)
    waits: list[str | None] = []
    person.page.on("request", lambda sent: waits.append(wait_of(sent)) if is_look(sent) else None)
    names = [f"blue {n}.png" for n in range(6)]
    photos = [file(name, waiting(200 + n)) for n, name in enumerate(names)]
    person.choose(*photos[:2])  # as many as the worker holds: photos arrive in any order
    for name in names[:2]:
        expect(person.card(name).locator(".card-state")).to_have_text("Drawing")
    state = person.card(names[0]).locator(".card-state")
    person.choose(*photos[2:])
    last = person.card(names[5])
    expect(last.locator(".card-state")).to_have_text(re.compile(r"^Number \d in line, about \d"))
    expect(person.page.locator("#tally")).to_have_text("6 in progress")
    expect(person.page).to_have_title("6 in progress · Celshade")
    # Each look at a job is held back until something happens; one at a style's sample for longer.
    assert {"wait=2"} <= set(waits) <= {"wait=2", "wait=30"}
    screens.keep(person.page, "in-line")

    last.get_by_role("button", name="Cancel blue 5.png").click()
    person.sees(names[5], "canceled")
    person.reload()  # while jobs are open
    expect(state).to_have_text("Drawing")
    photo = last.locator(".card-picture")  # the file is gone: the API has the photo
    expect(photo).to_have_attribute("src", re.compile(r"/files/inputs/"))
    expect(photo).to_have_js_property("naturalWidth", 64)
    person.page.get_by_role("button", name="Cancel all").click()
    person.sees_all(6, "canceled")
    screens.keep(person.page, "canceled")
    closed_gate.touch()
    person.card(names[5]).get_by_role("button", name="Retry blue 5.png").click()
    person.sees(names[5], "succeeded")


def test_a_restarted_service_is_waited_for(
    service: Stack, visit: Visit, screens: Screens, closed_gate: Path
) -> None:
    person = visit(service.url)
    person.expects_refusals = True
    person.choose(file("first.png", waiting(300)))
    expect(person.card("first.png").locator(".card-state")).to_have_text("Drawing")
    with held_back(service):  # the successor does not come before we have seen it gone
        before = service.kill("api")
        banner = person.page.locator("#connection")
        expect(banner).to_contain_text("Connection lost.")
        person.choose(file("meanwhile.png", flat_photo(GREEN, number=301)))
        meanwhile = person.card("meanwhile.png").locator(".card-state")
        expect(meanwhile).to_have_text("Waiting for the connection")
        screens.keep(person.page, "connection-lost")
    service.wait_for_successor("api", before)
    # Somebody who does not wait for the next try; where it came meanwhile, this does nothing.
    person.page.evaluate("() => document.getElementById('connection-again').click()")
    expect(banner).to_be_hidden()
    closed_gate.touch()
    person.sees("first.png", "succeeded")
    person.sees("meanwhile.png", "succeeded")


def test_an_upload_shows_how_far_it_is(service: Stack, visit: Visit) -> None:
    person = visit(service.url)
    session = person.context.new_cdp_session(person.page)
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000},
    )
    body = flat_photo(GREEN, number=302) + bytes(1_500_000)  # what follows a PNG's end is not read
    person.choose(file("large.png", body))
    state = person.card("large.png").locator(".card-state")
    expect(state).to_have_text(re.compile(r"^Uploading, [1-9]\d?%$"))
    person.sees("large.png", "succeeded")


def test_a_hostile_name_stays_a_name(service: Stack, visit: Visit, screens: Screens) -> None:
    names = [
        "<img src=x onerror=alert(1)>.png",
        '"><script>alert(2)<\u2215script>.png',
        "a\u202egnp.exe.png",
        "照片-" + "很长" * 60 + ".png",
    ]
    person = visit(service.url)
    photos = [flat_photo(GREEN, number=310 + n) for n in range(len(names))]
    person.choose(*(file(name, body) for name, body in zip(names, photos, strict=True)))
    person.sees_all(len(names), "succeeded")
    names[2] = names[2].replace("\u202e", "")  # nothing turns the direction of reading
    shown = [each.inner_text() for each in person.page.locator(".card-name").all()]
    assert shown == names
    for name in names:
        person.opens(name)
        expect(person.page.locator("#viewer-name")).to_have_text(name)
        person.page.keyboard.press("Escape")
    assert person.page.locator("img[src=x], .card script, .viewer script").count() == 0
    person.reload()
    person.sees_all(len(names), "succeeded")
    screens.keep(person.page, "hostile-names")


def test_a_photo_that_the_browser_cannot_show_is_drawn_and_compared(
    service: Stack, visit: Visit, screens: Screens, closed_gate: Path
) -> None:
    from PIL import Image  # noqa: PLC0415 - beside the one that needs it

    from tests.support.heif import heic  # noqa: PLC0415 - it imports the worker

    person = visit(service.url)
    person.expects_refusals = True  # its own picture cannot be decoded, which the browser logs
    body = heic(Image.new("RGB", (96, 64), BLUE))
    person.choose(file("IMG_0042.HEIC", body, "image/heic"))
    card = person.card("IMG_0042.HEIC")
    expect(card.locator(".card-blank")).to_have_text("HEIC")
    expect(card.locator(".card-state")).to_have_text("Drawing")
    screens.keep(person.page, "heic")
    closed_gate.touch()
    person.sees("IMG_0042.HEIC", "succeeded")
    viewer = person.opens("IMG_0042.HEIC")
    before = viewer.locator(".compare-before")
    expect(before).to_have_attribute("src", re.compile(r"/files/outputs/"))
    expect(before).to_have_js_property("naturalWidth", 96)
