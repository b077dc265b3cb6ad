"""Adding from a folder: verified and opened before it is seen, or nothing at all."""

import hashlib
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from tests.support.bundles import graph_bundle, inverting_onnx
from worker.bundles.adding import add_bundle
from worker.bundles.bundle import Bundle
from worker.bundles.manifest import Manifest
from worker.bundles.shelf import Shelf
from worker.bundles.sources import source_of


class Notes:
    """What a watcher was told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def manifest_read(self, manifest: Manifest, sha256: str) -> None:
        """Note it."""
        self.told.append((manifest.name, manifest.license, sha256))

    def file_began(self, name: str, size_bytes: int | None) -> None:
        """Note it."""
        self.told.append((name, size_bytes))

    def came(self, size_bytes: int) -> None:
        """Note it."""
        self.told.append(size_bytes)

    def file_ended(self) -> None:
        """Note it."""
        self.told.append("whole")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "styles")


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A bundle that waits to be added."""
    return graph_bundle(tmp_path / "given", inverting_onnx()).folder


def add(
    place: Path, shelf: Shelf, *, sha256: str | None = None, replace: bool = False
) -> tuple[Bundle, Notes, list[Bundle]]:
    """Add a bundle; returns what was told and opened, too."""
    notes, opened = Notes(), list[Bundle]()
    bundle = add_bundle(
        source_of(str(place)),
        shelf,
        watcher=notes,
        open_it=opened.append,
        manifest_sha256=sha256,
        replace=replace,
    )
    return bundle, notes, opened


@pytest.mark.parametrize("name", ["", "model.json"])
def test_a_folder_is_added_file_by_file(given: Path, shelf: Shelf, name: str) -> None:
    (given / "notes.txt").write_text("not listed")

    bundle, notes, opened = add(given / name, shelf)

    size = len(inverting_onnx())
    sha256 = hashlib.sha256((given / "model.json").read_bytes()).hexdigest()
    assert notes.told == [
        ("negative", "CC0-1.0", sha256),
        ("graph.onnx", size),
        size,
        "whole",
    ]
    assert {path.name for path in bundle.folder.iterdir()} == {"model.json", "graph.onnx"}
    bundle.verify()
    assert opened[0].folder.name.startswith(".adding-")


def test_a_wrong_file_is_never_seen(given: Path, shelf: Shelf) -> None:
    (given / "graph.onnx").write_bytes(inverting_onnx("NHWC"))

    with pytest.raises(ConfigurationError, match="has the SHA-256"):
        add(given, shelf)

    assert list(shelf.folder.iterdir()) == []


def test_what_does_not_open_is_never_seen(given: Path, shelf: Shelf) -> None:
    def refuse(bundle: Bundle) -> None:
        raise ConfigurationError(f"{bundle.manifest.name} is of another network")

    with pytest.raises(ConfigurationError, match="of another network"):
        add_bundle(source_of(str(given)), shelf, watcher=Notes(), open_it=refuse)

    assert list(shelf.folder.iterdir()) == []


def test_a_link_in_the_folder_is_not_followed(given: Path, shelf: Shelf, tmp_path: Path) -> None:
    (given / "graph.onnx").rename(tmp_path / "elsewhere")
    (given / "graph.onnx").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigurationError, match="is a link"):
        add(given, shelf)


def test_a_known_manifest_is_asked_for_by_its_hash(given: Path, shelf: Shelf) -> None:
    sha256 = hashlib.sha256((given / "model.json").read_bytes()).hexdigest()

    with pytest.raises(ConfigurationError, match="it is another one"):
        add(given, shelf, sha256="0" * 64)
    add(given, shelf, sha256=sha256.upper())


def test_a_taken_name_is_refused_before_anything_is_fetched(given: Path, shelf: Shelf) -> None:
    add(given, shelf)
    (given / "graph.onnx").unlink()

    with pytest.raises(ConfigurationError, match="--replace"):
        add(given, shelf)


def test_a_failed_replacement_leaves_what_was_there(given: Path, shelf: Shelf) -> None:
    add(given, shelf)
    (given / "graph.onnx").write_bytes(b"spoilt")

    with pytest.raises(ConfigurationError, match="SHA-256"):
        add(given, shelf, replace=True)

    shelf.find("negative").verify()


@pytest.mark.parametrize(
    "place", ["nowhere", "file:///etc/model.json", "ftp://x/model.json", "https:///model.json"]
)
def test_what_is_no_source_is_said_to_be_none(shelf: Shelf, place: str) -> None:
    with pytest.raises(ConfigurationError, match="is no"):
        source_of(place)


def test_an_address_must_be_that_of_a_manifest() -> None:
    with pytest.raises(ConfigurationError, match=r"must be the address of a model\.json"):
        source_of("https://example.org/weights.pt")
