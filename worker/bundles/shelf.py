"""The shelf: the folder of bundles that this machine's workers serve.

Each bundle is a folder of its own. What is being added lies beside them under a name that begins
with a dot and is seen by nobody; one rename makes it a bundle.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from common.errors import ConfigurationError
from worker.bundles.bundle import Bundle
from worker.bundles.manifest import MANIFEST

_STAGING: Final = ".adding-"
_LEAVING: Final = ".leaving-"


class Shelf:
    """A folder of bundles.

    Args:
        folder: It need not exist: then it holds none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def folders(self) -> list[Path]:
        """The folders that are bundles, good or broken, by name."""
        try:
            entries = sorted(self.folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigurationError(f"{self.folder} cannot be read: {error.strerror}.") from error
        shown = [entry for entry in entries if not entry.name.startswith(".")]
        return [entry for entry in shown if (entry / MANIFEST).is_file()]

    def bundles(self) -> list[Bundle]:
        """All bundles.

        Raises:
            ConfigurationError: A manifest is broken.
        """
        return [Bundle.open(folder) for folder in self.folders()]

    def find(self, name: str) -> Bundle:
        """The bundle of a style.

        Raises:
            ConfigurationError: There is none, or its manifest is broken.
        """
        if self._place(name) in self.folders():
            return Bundle.open(self._place(name))
        for bundle in self.bundles():
            if bundle.manifest.name == name:
                return bundle
        raise ConfigurationError(f"There is no bundle '{name}' in {self.folder}.")

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give an empty folder to prepare a bundle in; what is left of it afterwards goes."""
        path = self.folder / f"{_STAGING}{secrets.token_hex(8)}"
        try:
            path.mkdir(parents=True)
        except OSError as error:
            raise ConfigurationError(
                f"{self.folder} cannot be written: {error.strerror}."
            ) from error
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def put(self, staged: Path, name: str, *, replace: bool) -> Bundle:
        """Make a prepared folder the bundle of a style.

        Args:
            staged: From `staging`, complete and verified.
            name: The style's.
            replace: Whether it may take another bundle's place.

        Raises:
            ConfigurationError: There is one already, or the disk does not take it.
        """
        place = self._place(name)
        if not replace:
            self.check_vacant(name)
        try:
            for folder in self._holding(name):
                self._take_away(folder)
            staged.rename(place)
        except OSError as error:
            raise ConfigurationError(f"{place} cannot be written: {error.strerror}.") from error
        return Bundle.open(place)

    def check_vacant(self, name: str) -> None:
        """See that no bundle has this name.

        Raises:
            ConfigurationError: One has.
        """
        if taken := self._holding(name):
            raise ConfigurationError(
                f"There is a bundle '{name}' already, in {taken[0]}: remove it, or add --replace."
            )

    def remove(self, name: str) -> Path:
        """Remove a style's bundle; workers that have loaded it keep it until they end.

        Returns:
            The folder that is gone.

        Raises:
            ConfigurationError: There is none, or the disk does not let it go.
        """
        # By the folder's name a broken one can go too.
        place = self._place(name)
        folder = place if place in self.folders() else self.find(name).folder
        try:
            self._take_away(folder)
        except OSError as error:
            raise ConfigurationError(f"{folder} cannot be removed: {error.strerror}.") from error
        return folder

    def _holding(self, name: str) -> list[Path]:
        """The folders that a bundle of this name would push aside, broken ones included."""
        place = self._place(name)
        held = [place] if place.exists() or place.is_symlink() else []
        others = [folder for folder in self.folders() if folder != place]
        return held + [path for path in others if Bundle.open(path).manifest.name == name]

    def _take_away(self, folder: Path) -> None:
        """Hide a folder by one rename, then delete it: nobody sees half a bundle."""
        hidden = self.folder / f"{_LEAVING}{secrets.token_hex(8)}"
        folder.rename(hidden)
        if hidden.is_symlink():  # a folder of the operator's that is only named here
            hidden.unlink()
        else:
            shutil.rmtree(hidden)

    def _place(self, name: str) -> Path:
        return self.folder / name
