"""The shelf: bundles appear whole or not at all, and go the same way."""

from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from tests.support.bundles import graph_bundle, inverting_onnx
from worker.bundles.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "styles")


def put(shelf: Shelf, name: str, *, replace: bool = False, **changes: Any) -> None:
    """Put a bundle on a shelf."""
    with shelf.staging() as folder:
        graph_bundle(folder, inverting_onnx(), name=name, **changes)
        shelf.put(folder, name, replace=replace)


def names(shelf: Shelf) -> list[str]:
    """The bundles of a shelf."""
    return [bundle.manifest.name for bundle in shelf.bundles()]


def test_a_shelf_that_is_not_there_holds_nothing(shelf: Shelf) -> None:
    assert shelf.bundles() == []
    with pytest.raises(ConfigurationError, match="There is no bundle 'negative'"):
        shelf.remove("negative")


def test_a_bundle_is_put_found_and_removed(shelf: Shelf) -> None:
    put(shelf, "negative")
    put(shelf, "other")

    assert names(shelf) == ["negative", "other"]
    assert shelf.find("other").folder == shelf.folder / "other"
    shelf.remove("negative")
    assert names(shelf) == ["other"]
    assert [path.name for path in shelf.folder.iterdir()] == ["other"]


def test_what_is_being_added_is_seen_by_nobody_and_leaves_nothing(shelf: Shelf) -> None:
    with pytest.raises(RuntimeError), shelf.staging() as folder:  # noqa: PT012 - what is looked at
        graph_bundle(folder, inverting_onnx())
        assert shelf.bundles() == []
        raise RuntimeError
    assert list(shelf.folder.iterdir()) == []


def test_what_is_put_can_be_read_by_the_workers_account(shelf: Shelf) -> None:
    put(shelf, "negative")

    folder = shelf.folder / "negative"
    assert folder.stat().st_mode & 0o055 == 0o055
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in folder.iterdir())


def test_a_name_is_taken_once_unless_told(shelf: Shelf) -> None:
    put(shelf, "negative")
    with pytest.raises(ConfigurationError, match="--replace"):
        put(shelf, "negative", multiple_of=2)
    assert shelf.find("negative").manifest.interface.multiple_of == 1

    put(shelf, "negative", replace=True, multiple_of=2)

    assert shelf.find("negative").manifest.interface.multiple_of == 2
    assert [path.name for path in shelf.folder.iterdir()] == ["negative"]


def test_a_bundle_in_a_folder_of_another_name_counts_too(shelf: Shelf) -> None:
    graph_bundle(shelf.folder / "placed-by-hand", inverting_onnx())

    with pytest.raises(ConfigurationError, match="placed-by-hand"):
        put(shelf, "negative")
    assert shelf.find("negative").folder.name == "placed-by-hand"


@pytest.mark.parametrize("name", ["..", "../elsewhere", ".", "", "/"])
def test_nothing_outside_of_the_shelf_can_be_removed(shelf: Shelf, name: str) -> None:
    put(shelf, "negative")
    elsewhere = graph_bundle(shelf.folder.parent / "elsewhere", inverting_onnx(), name="elsewhere")

    with pytest.raises(ConfigurationError, match="There is no bundle"):
        shelf.remove(name)

    assert (elsewhere.folder / "model.json").exists()


def test_a_broken_bundle_can_be_removed(shelf: Shelf) -> None:
    put(shelf, "negative")
    (shelf.folder / "negative" / "model.json").write_text("{")

    shelf.remove("negative")

    assert shelf.bundles() == []


def test_removing_a_link_leaves_what_it_leads_to(shelf: Shelf, tmp_path: Path) -> None:
    placed = graph_bundle(tmp_path / "placed", inverting_onnx())
    shelf.folder.mkdir()
    (shelf.folder / "negative").symlink_to(placed.folder)

    shelf.remove("negative")

    assert shelf.bundles() == []
    assert (placed.folder / "graph.onnx").exists()
