"""The table of faults names tests that are there."""

import ast
import re

from tests.support import checkout

PAGE = checkout.ROOT / "docs" / "chaos.md"
OPEN = "open: "


def rows() -> list[list[str]]:
    """The table's rows, each as its cells."""
    _, _, section = PAGE.read_text().partition("\n## The table of faults\n")
    lines = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def functions_of(name: str) -> set[str]:
    """Names of the test functions of a file below `tests/`; none when it is not there."""
    path = checkout.ROOT / "tests" / name
    if not path.is_file():
        return set()
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def test_there_is_a_table() -> None:
    assert len(rows()) > 30


def missing(place: str) -> bool:
    """Say whether a file, or a test of it, is not there."""
    file, _, function = place.partition("::")
    found = functions_of(file)
    return function not in found if function else not found


def test_what_shows_it_is_there() -> None:
    faults = []
    for fault, _holds, shown_by in rows():
        named = re.findall(r"`([^`]+)`", shown_by)
        if not named and not shown_by.startswith(OPEN):
            faults.append(f"{fault}: nothing shows it")
        faults += [f"{fault}: there is no {place}" for place in named if missing(place)]
    assert faults == []
