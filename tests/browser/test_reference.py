"""The page of the API: one that anybody can read, on a phone and in the dark, without a script."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.screens import Screens
from tests.e2e.stack import Stack

TOO_WIDE = "() => document.documentElement.scrollWidth > window.innerWidth"


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_reference_is_for_everybody(
    visit: Visit, service: Stack, screens: Screens, phone: bool
) -> None:
    page = visit(service.url, phone=phone, goes=False).page
    page.goto(f"{service.url}/docs")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Celshade")
    screens.keep(page, f"reference-{'phone' if phone else 'desk'}")
    assert not page.evaluate(TOO_WIDE)
    assert page.locator("script").count() == 0


def test_its_links_lead_to_what_they_name(visit: Visit, service: Stack) -> None:
    page = visit(service.url, goes=False).page
    page.goto(f"{service.url}/docs")
    page.get_by_role("link", name="Watch a job").click()

    expect(page.locator("article:target")).to_contain_text("/v1/jobs/{job_id}/events")
    page.locator("article#get_job").get_by_role("link", name="Job", exact=True).first.click()
    expect(page.locator("article:target")).to_contain_text("one photo on its way to one picture")
