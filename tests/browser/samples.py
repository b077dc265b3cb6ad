"""Draws the samples of the built-in styles that the page shows: `python -m tests.browser.samples`.

To be run when a style's pixels change; `samples.json` says of which version each is, and a test
holds them to today's.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image

from tests.support.checkout import ROOT
from worker.engine.model import Model
from worker.engine.model_catalog import find_models
from worker.networks.precision import Precision
from worker.styles.base import Style

FOLDER: Final = ROOT / "api" / "web" / "page" / "samples"
PHOTO: Final = ROOT / "tests" / "photos" / "astronaut.jpg"
WHOLE: Final = (0, 0, 512, 384)  # the photo's part that an empty page shows
FACE: Final = (96, 24, 352, 216)  # and the one of a style's card
CARD_SIZE: Final = (320, 240)
QUALITY: Final = 82


def built_in() -> list[Model]:
    """Return the models that come with the code, by name in order; none is loaded."""
    nowhere = Path("/nonexistent")
    return sorted(find_models((), nowhere).values(), key=lambda model: model.style.card.name)


def versions() -> dict[str, str]:
    """Return the version of each built-in style."""
    return {model.style.card.name: model.version for model in built_in()}


def draw(style: Style, photo: Image.Image) -> Image.Image:
    """Turn a photo into a cartoon at full strength."""
    style.load(torch.device("cpu"), Precision.FLOAT32)
    pixels = torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None]
    with torch.inference_mode():
        cartoon = style.forward(pixels, max(photo.size))
    return Image.fromarray(cartoon[0].permute(1, 2, 0).contiguous().numpy())


def _save(picture: Image.Image, name: str) -> None:
    picture.save(FOLDER / name, quality=QUALITY, optimize=True, progressive=True)


def main() -> None:
    """Write the photo's part, and for each style a card and a cartoon of that part."""
    with Image.open(PHOTO) as image:
        photo = image.convert("RGB")
    _save(photo.crop(WHOLE), "photo.jpg")
    for model in built_in():
        name, cartoon = model.style.card.name, draw(model.style, photo)
        _save(cartoon.crop(WHOLE), f"{name}.jpg")
        card = cartoon.crop(FACE).resize(CARD_SIZE, Image.Resampling.LANCZOS)
        _save(card, f"{name}-card.jpg")
    text = json.dumps(versions(), indent=1) + "\n"
    (FOLDER / "samples.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
