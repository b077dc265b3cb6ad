"""Before and after, side by side in one picture."""

from pathlib import Path

from PIL import Image, ImageOps

GAP_PX = 12
LONGEST_PX = 1024  # of each half; enough to see lines, small enough to send around
WHITE = (255, 255, 255)


def write_comparison(before: Path, after: Path, target: Path) -> None:
    """Write photo and cartoon beside each other, in the same height, as a JPEG.

    Args:
        before: The photo; turned as its EXIF says.
        after: The cartoon.
        target: The file to write; what was there is replaced.
    """
    with Image.open(before) as photo, Image.open(after) as cartoon:
        left = ImageOps.exif_transpose(photo).convert("RGB")
        right = cartoon.convert("RGB")
    height = min(left.height, right.height, LONGEST_PX)
    left, right = _in_height(left, height), _in_height(right, height)
    pair = Image.new("RGB", (left.width + GAP_PX + right.width, height), WHITE)
    pair.paste(left, (0, 0))
    pair.paste(right, (left.width + GAP_PX, 0))
    pair.save(target, quality=92)


def _in_height(picture: Image.Image, height: int) -> Image.Image:
    """Return the picture scaled to a height, its proportions kept."""
    width = max(1, round(picture.width * height / picture.height))
    return picture.resize((width, height), Image.Resampling.LANCZOS)
