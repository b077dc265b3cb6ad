"""The samples that the page shows: drawn by the styles as they are today."""

import json
import re

from PIL import Image

from tests.browser import samples
from tests.support.checkout import ROOT

ADVICE = "draw them anew: python -m tests.browser.samples"


def test_samples_are_drawn_by_todays_styles() -> None:
    written = json.loads((samples.FOLDER / "samples.json").read_text())

    assert written == samples.versions(), ADVICE


def test_the_page_knows_its_samples_and_they_are_there() -> None:
    script = (ROOT / "api" / "web" / "page" / "js" / "samples.js").read_text()
    known = re.search(r"KNOWN = new Set\(\[(.*)\]\)", script)

    assert known
    assert sorted(json.loads(f"[{known[1]}]")) == sorted(samples.versions())
    for name in samples.versions():
        with Image.open(samples.FOLDER / f"{name}.jpg") as whole:
            assert whole.size == (512, 384)
        with Image.open(samples.FOLDER / f"{name}-card.jpg") as card:
            assert card.size == samples.CARD_SIZE
