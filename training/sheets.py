"""Sheets: the pictures of the documentation, made from photos that no network has seen."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from training.judging import draw
from training.targets import Pair
from worker.networks.toon_unet import ToonUNet

# Portraits first; public figures, animals and places only.
SHOWN: Final = ("astronaut", "hopper", "chelsea", "avatar-dog", "china", "peaks")
CELL_PX: Final = 300  # width of a picture
GAP_PX: Final = 6
QUALITY: Final = 78
REGION: Final = (0.52, 0.30, 0.34)  # left and top of what is shown at all sizes, and its width
SCALED: Final = "stream"


def show_look(network: ToonUNet, pairs: Sequence[Pair], path: Path) -> None:
    """Write photo, teacher and network side by side, a row for each photo, as a JPEG."""
    small = {pair.name: pair for pair in pairs if pair.long_side_px <= 512}  # noqa: PLR2004
    cells = []
    for name in SHOWN:
        pair = small[name]
        pictures = (pair.photo, pair.cartoon, draw(network, pair.photo))
        cells.append([_at_width(Image.fromarray(np.asarray(p))) for p in pictures])
    _join(cells, path, columns=2)


def show_sizes(network: ToonUNet, pairs: Sequence[Pair], path: Path) -> None:
    """Write one part of a photo as the network draws it at each size, enlarged to one width."""
    row = []
    for pair in (pair for pair in pairs if pair.name == SCALED):
        drawn = Image.fromarray(draw(network, pair.photo))
        left, top, width = (share * drawn.width for share in REGION)
        part = drawn.crop((round(left), round(top), round(left + width), round(top + width)))
        row.append(part.resize((CELL_PX * 4 // 3,) * 2, Image.Resampling.LANCZOS))
    _join([row], path, columns=1)


def _at_width(picture: Image.Image) -> Image.Image:
    """Bring a picture to the width of a cell."""
    height = round(picture.height * CELL_PX / picture.width)
    return picture.resize((CELL_PX, height), Image.Resampling.LANCZOS)


def _join(cells: Sequence[Sequence[Image.Image]], path: Path, *, columns: int) -> None:
    """Lay rows of pictures out on white, so many rows beside each other, and write a JPEG."""
    lines = [cells[k : k + columns] for k in range(0, len(cells), columns)]
    width = max(sum(p.width + GAP_PX for row in line for p in row) for line in lines)
    heights = [max(p.height for row in line for p in row) + GAP_PX for line in lines]
    sheet, top = Image.new("RGB", (width, sum(heights)), "white"), 0
    for line, height in zip(lines, heights, strict=True):
        left = 0
        for picture in (picture for row in line for picture in row):
            sheet.paste(picture, (left, top))
            left += picture.width + GAP_PX
        top += height
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, quality=QUALITY, optimize=True)
