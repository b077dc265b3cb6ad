"""`python -m worker styles`: adds, lists, verifies, removes and makes bundles."""

import argparse
import sys
from pathlib import Path

import torch

from common.errors import ConfigurationError
from worker.bundles.adding import add_bundle
from worker.bundles.bundle import Bundle
from worker.bundles.manifest import Manifest
from worker.bundles.shelf import Shelf
from worker.bundles.sources import source_of
from worker.command.convert import convert
from worker.command.progress import ProgressLine, in_units
from worker.networks.precision import Precision
from worker.styles.catalog import BUILT_IN, style_of

_MARK = {True: "commercial use allowed", False: "NO COMMERCIAL USE"}


def run(options: argparse.Namespace, styles_dir: Path) -> int:
    """Run a verb; returns the exit code.

    Raises:
        ConfigurationError: It did not work; the text says why.
    """
    shelf = Shelf(styles_dir)
    if options.verb == "add":
        return _add(options, shelf)
    if options.verb == "list":
        return _list(shelf)
    if options.verb == "verify":
        return _verify(options.names, shelf)
    if options.verb == "convert":
        _say(f"Made {convert(options).folder}. Look at its model.json, then add it.")
    else:
        gone = shelf.remove(options.name)
        _say(f"Removed {gone}. Workers that have loaded it keep it until they end.")
    return 0


def load_once(bundle: Bundle) -> None:
    """Load a bundle on the CPU as a worker would: every hash is checked on the way.

    Raises:
        ConfigurationError: It does not load.
    """
    bundle.verify()
    style_of(bundle).load(torch.device("cpu"), Precision.FLOAT32)


def _add(options: argparse.Namespace, shelf: Shelf) -> int:
    bundle = add_bundle(
        source_of(options.source),
        shelf,
        watcher=_Reporter(),
        open_it=load_once,
        replace=options.replace,
        manifest_sha256=options.sha256,
    )
    _say(f"Added {bundle.folder}. Workers of this machine serve it once they start again.")
    return 0


def _list(shelf: Shelf) -> int:
    """List what there is; a broken one does not hide the others."""
    faults = 0
    for place in (Shelf(BUILT_IN), shelf):
        for folder in place.folders():
            try:
                _describe(Bundle.open(folder).manifest, str(folder))
            except ConfigurationError as error:
                faults += 1
                sys.stderr.write(f"BROKEN {folder}\n{error}\n")
    _say(f"Bundles are kept in {shelf.folder}.")
    return 1 if faults else 0


def _verify(names: list[str], shelf: Shelf) -> int:
    """Verify some bundles, or all; every fault is told."""
    shelves = (Shelf(BUILT_IN), shelf)
    folders = [folder for place in shelves for folder in place.folders()]
    if names:
        folders = [_find(name, shelves).folder for name in names]
    faults = 0
    for folder in folders:
        try:
            load_once(Bundle.open(folder))
            _say(f"ok      {folder}")
        except ConfigurationError as error:
            faults += 1
            _say(f"BROKEN  {folder}")
            sys.stderr.write(f"{error}\n")
    return 1 if faults else 0


def _find(name: str, shelves: tuple[Shelf, ...]) -> Bundle:
    """The bundle of a name, on whichever shelf."""
    *others, last = shelves
    for shelf in others:
        for bundle in shelf.bundles():
            if bundle.manifest.name == name:
                return bundle
    return last.find(name)


class _Reporter:
    """Tells a terminal what comes."""

    def __init__(self) -> None:
        self._line = ProgressLine("", None)

    def manifest_read(self, manifest: Manifest, sha256: str) -> None:
        """Show whose work it is before anything of it is fetched."""
        _describe(manifest, f"model.json SHA-256 {sha256}")

    def file_began(self, name: str, size_bytes: int | None) -> None:
        """Begin a line."""
        self._line = ProgressLine(name, size_bytes)

    def came(self, size_bytes: int) -> None:
        """Move it on."""
        self._line.advance(size_bytes)

    def file_ended(self) -> None:
        """End it."""
        self._line.end(f"{in_units(self._line.done_bytes)}, SHA-256 verified")


def _describe(manifest: Manifest, where: str) -> None:
    lines = [
        f"{manifest.name}  {manifest.title}, {manifest.version} ({manifest.arch})",
        f"    licence  {manifest.license}, {_MARK[manifest.commercial_use]}",
        f"    origin   {manifest.origin}",
        f"    {where}",
    ]
    _say("\n".join(lines))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
