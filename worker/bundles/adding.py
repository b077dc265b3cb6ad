"""Adding a bundle: fetched, verified and opened where nobody sees it, then put on the shelf."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from common.errors import ConfigurationError
from worker.bundles.bundle import Bundle, check_sha256
from worker.bundles.manifest import MANIFEST, BundleFile, Manifest
from worker.bundles.parsing import parse_manifest
from worker.bundles.shelf import Shelf
from worker.bundles.sources import Source

# Files that are programs: who serves one has put it there with his own hands.
_PROGRAMS: Final = frozenset(("onnx", "torchscript"))


class Watcher(Protocol):
    """Who is told how far it is."""

    def manifest_read(self, manifest: Manifest, sha256: str) -> None:
        """The manifest has come; nothing else has."""

    def file_began(self, name: str, size_bytes: int | None) -> None:
        """A file begins to come."""

    def came(self, size_bytes: int) -> None:
        """So many more bytes of it have come."""

    def file_ended(self) -> None:
        """It is whole, and its SHA-256 is right."""


def add_bundle(
    source: Source,
    shelf: Shelf,
    *,
    watcher: Watcher,
    open_it: Callable[[Bundle], None],
    replace: bool = False,
    manifest_sha256: str | None = None,
) -> Bundle:
    """Add a bundle to a shelf, or leave the shelf as it was.

    Args:
        source: Where it comes from.
        shelf: Where it goes.
        watcher: Told how far it is.
        open_it: Loads what is verified; raises when it is not what the manifest says.
        replace: Whether it may take the place of one of the same name.
        manifest_sha256: What the SHA-256 of `model.json` must be, if the operator knows it.

    Raises:
        ConfigurationError: It cannot be had, is not what it claims to be, or has no place.
    """
    text = source.manifest()
    found = hashlib.sha256(text).hexdigest()
    if manifest_sha256 and found != manifest_sha256.lower():
        raise ConfigurationError(
            f"This {MANIFEST} has the SHA-256 {found}, not {manifest_sha256}: it is another one."
        )
    manifest = parse_manifest(text, MANIFEST)
    _check_programs(manifest, source)
    if not replace:
        shelf.check_vacant(manifest.name)  # before anything is fetched
    watcher.manifest_read(manifest, found)
    with shelf.staging() as folder:
        for file in manifest.files:
            _fetch(source, file, folder / file.path, watcher)
        _write(folder / MANIFEST, text)
        open_it(Bundle.open(folder))
        return shelf.put(folder, manifest.name, replace=replace)


def _check_programs(manifest: Manifest, source: Source) -> None:
    programs = [file.path for file in manifest.files if file.format in _PROGRAMS]
    if programs and not source.is_placed:
        raise ConfigurationError(
            f"{', '.join(programs)}: an opaque graph is a program. None is fetched and run in one "
            "go: download the folder yourself, see that you trust it, and add it by its path."
        )


def _fetch(source: Source, file: BundleFile, target: Path, watcher: Watcher) -> None:
    """Bring a file to a folder and check it."""
    digest, stream = hashlib.sha256(), source.chunks(file.path)
    watcher.file_began(file.path, stream.size_bytes)
    try:
        with target.open("xb") as copy:
            for chunk in stream:
                digest.update(chunk)
                copy.write(chunk)
                watcher.came(len(chunk))
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written: {error.strerror}.") from error
    check_sha256(file.path, digest.hexdigest(), file.sha256, "what came")
    watcher.file_ended()


def _write(target: Path, data: bytes) -> None:
    try:
        target.write_bytes(data)
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written: {error.strerror}.") from error
