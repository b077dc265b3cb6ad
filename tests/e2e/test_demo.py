"""The README's first command: a photo's whole way, shown to a person, and nothing left behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

from tests.e2e.stack import ROOT

PHOTO = ROOT / "tests" / "photos" / "astronaut.jpg"


def demo(out: Path, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", "demo", "--photo", str(PHOTO), "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_photo_becomes_a_cartoon_and_nothing_stays_but_pictures(tmp_path: Path) -> None:
    shown = demo(tmp_path, {"CELSHADE_STYLES": "ink"})
    assert shown.returncode == 0, shown.stdout + shown.stderr
    with Image.open(PHOTO) as photo, Image.open(tmp_path / "astronaut-cartoon.jpg") as cartoon:
        assert cartoon.size == photo.size
        changed = ImageStat.Stat(ImageChops.difference(photo.convert("RGB"), cartoon)).mean
    assert min(changed) > 5  # levels; saved once more as it is, a photo differs by 1 to 2.5
    names = {"astronaut-cartoon.jpg", "astronaut-cartoon-soft.jpg", "before-after.jpg"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert re.search(r"A cartoon in [\d.]+ s \(miss\)", shown.stdout)
    assert re.search(r"a hit in [\d.]+ ms, no worker involved", shown.stdout)
    assert shown.stdout.endswith("All stopped.\n")


def test_a_keys_file_is_told_of_before_anything_starts(tmp_path: Path) -> None:
    shown = demo(tmp_path, {"CELSHADE_KEYS_FILE": str(tmp_path / "keys.toml")})
    assert shown.returncode == 1
    assert "env -u CELSHADE_KEYS_FILE make demo" in shown.stderr
    assert "Traceback" not in shown.stderr
    assert list(tmp_path.iterdir()) == []
