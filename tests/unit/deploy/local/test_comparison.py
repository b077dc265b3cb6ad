"""Before and after in one picture."""

from pathlib import Path

from PIL import Image

from deploy.local.comparison import GAP_PX, write_comparison


def test_both_halves_have_the_same_height_and_lie_beside_each_other(tmp_path: Path) -> None:
    Image.new("RGB", (200, 400), "red").save(tmp_path / "before.png")
    Image.new("RGB", (100, 200), "blue").save(tmp_path / "after.png")
    write_comparison(tmp_path / "before.png", tmp_path / "after.png", tmp_path / "pair.jpg")
    with Image.open(tmp_path / "pair.jpg") as pair:
        assert pair.size == (100 + GAP_PX + 100, 200)
        left, right = pair.getpixel((50, 100)), pair.getpixel((100 + GAP_PX + 50, 100))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    # JPEG moves colours a little.
    assert (left[0] > 200, left[2] < 50) == (True, True)
    assert (right[2] > 200, right[0] < 50) == (True, True)
