"""The digest of a style's code: what counts as another version, and what does not."""

from pathlib import Path

import pytest

from worker.styles.source import digest_of_code

SOURCE = """from worker.networks.precision import Precision
from worker.styles import (
    colour,
    lines,
)

STRENGTH = 0.5  # of the lines
"""


def digest_of(folder: Path, source: str) -> str:
    path = folder / "style.py"
    path.write_text(source)
    return digest_of_code([str(path)])


def test_a_module_that_moves_changes_no_version(tmp_path: Path) -> None:
    moved = SOURCE.replace("worker.networks.precision", "worker.precision").replace("\n\n", "\n")

    assert digest_of(tmp_path, moved) == digest_of(tmp_path, SOURCE)


@pytest.mark.parametrize("changed", ["STRENGTH = 0.6", "STRENGTH = 0.5\nimport_ = 1"])
def test_other_code_is_another_version(tmp_path: Path, changed: str) -> None:
    other = SOURCE.replace("STRENGTH = 0.5", changed)

    assert digest_of(tmp_path, other) != digest_of(tmp_path, SOURCE)
