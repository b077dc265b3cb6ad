"""The recipes of `docs/recipes.md`: run as they stand there, each prints what the page says.

They share one service, in their order: the last one closes it.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, running_stack
from tests.support import checkout, servers

PAGE = checkout.ROOT / "docs" / "recipes.md"
PHOTOS = checkout.ROOT / "tests" / "photos"
BEGIN = "Before you begin"
RECIPE_S = 180
PRINTS = "#> "


@dataclass(frozen=True)
class Recipe:
    """A block of the page: its place, its lines, and what they are to print."""

    name: str
    script: str
    prints: list[str]


def recipes() -> Iterator[Recipe]:
    """Take the recipes from the page."""
    heading, number = "", 0
    for match in re.finditer(r"^## ([^\n]+)$|^```sh\n(.*?)^```", PAGE.read_text(), re.M | re.S):
        if match[1]:
            heading, number = match[1], 0
            continue
        number += 1
        lines = match[2].splitlines()
        prints = [line.removeprefix(PRINTS) for line in lines if line.startswith(PRINTS)]
        yield Recipe(f"{heading} {number}", match[2], prints)


BEFORE, *RECIPES = recipes()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service as `make up` runs it, with the styles that the page names."""
    for program in ("bash", "curl"):
        if shutil.which(program) is None:
            servers.absent(f"The recipes need {program}.")
    with running_stack(
        tmp_path_factory.mktemp("recipes"), env={"CELSHADE_STYLES": "ink,pencil"}
    ) as stack:
        yield stack


@pytest.fixture
def kitchen(tmp_path: Path, service: Stack) -> Path:
    """A directory with what the page says one needs."""
    shutil.copy(PHOTOS / "astronaut.jpg", tmp_path / "photo.jpg")
    (tmp_path / "holiday").mkdir()
    for name in ("astronaut.jpg", "grace_hopper.jpg"):
        shutil.copy(PHOTOS / name, tmp_path / "holiday")
    (tmp_path / "data").symlink_to(service.layout.root)
    return tmp_path


def cook(recipe: Recipe, kitchen: Path, url: str) -> "subprocess.CompletedProcess[str]":
    """Run a recipe; any line that fails ends it."""
    begin = re.sub(r"^export API=.*$", f"export API={url}", BEFORE.script, flags=re.MULTILINE)
    assert url in begin
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CELSHADE_")}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{begin}\n{recipe.script}"],  # noqa: S607 - the reader's
        cwd=kitchen,
        env={**kept, "PATH": path, "PYTHONPATH": str(checkout.ROOT), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=RECIPE_S,
        check=False,
    )


def is_as_told(printed: list[str], told: list[str]) -> bool:
    """Whether what was printed is what the page tells; `...` stands for anything."""
    patterns = [re.sub(r"([\[\]*?])", r"[\1]", line).replace("...", "*") for line in told]
    return len(printed) == len(told) and all(map(fnmatchcase, printed, patterns))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_recipe_does_what_it_says(recipe: Recipe, kitchen: Path, service: Stack) -> None:
    done = cook(recipe, kitchen, service.url)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert is_as_told(done.stdout.splitlines(), recipe.prints), f"{done.stdout}\n{done.stderr}"


def test_the_page_has_its_recipes() -> None:
    assert BEFORE.name == f"{BEGIN} 1"
    assert len(RECIPES) > 15


def test_another_word_than_the_told_one_is_found() -> None:
    assert is_as_told(["200", "whsec_abc"], ["200", "whsec_..."])
    assert is_as_told(["{'a': [1]}"], ["{'a': [1]}"])
    assert not is_as_told(["200"], ["201"])
    assert not is_as_told(["200", "more"], ["200"])
    assert not is_as_told([], ["..."])
