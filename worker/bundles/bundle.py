"""A bundle on the disk: its manifest, and its files, which nobody gets to see unverified.

A file is read once; what is hashed is what is loaded. Links are not followed: a bundle's bytes lie
in its folder, or it is none.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from common.errors import ConfigurationError
from worker.bundles.manifest import MANIFEST, BundleFile, Manifest
from worker.bundles.parsing import MAX_MANIFEST_BYTES, parse_manifest

# Ten times the largest network that draws pictures in reasonable time; more is a mistake.
MAX_FILE_BYTES: Final = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Bundle:
    """A style bundle in a folder.

    Attributes:
        folder: Where it lies.
        manifest: What its `model.json` says.
    """

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read a folder's manifest; the files are not looked at yet.

        Raises:
            ConfigurationError: It holds no readable manifest; the text names all of its faults.
        """
        path = folder / MANIFEST
        return cls(folder, parse_manifest(read_regular(path, MAX_MANIFEST_BYTES + 1), str(path)))

    def __str__(self) -> str:
        return f"bundle '{self.manifest.name}' ({self.folder})"

    def read(self, file: BundleFile) -> bytes:
        """Return a file's bytes after checking their SHA-256.

        Raises:
            ConfigurationError: It is missing, a link, or not what the manifest names.
        """
        path = self.folder / file.path
        data = read_regular(path, MAX_FILE_BYTES)
        check_sha256(path.name, hashlib.sha256(data).hexdigest(), file.sha256, str(self))
        return data

    def verify(self) -> None:
        """Check every file.

        Raises:
            ConfigurationError: With one line per fault.
        """
        faults = []
        for file in self.manifest.files:
            try:
                self.read(file)
            except ConfigurationError as error:
                faults.append(str(error))
        if faults:
            raise ConfigurationError("\n".join(faults))

    def digest(self, code: str) -> str:
        """Digest what decides its pixels: weights, tensors and the code that runs them.

        A new title or licence is no new version of a style; a new weight or padding is.

        Args:
            code: Digest of the code.

        Returns:
            64 hexadecimal digits.
        """
        manifest = self.manifest
        parts = sorted(f"{file.role}:{file.format}:{file.sha256}" for file in manifest.files)
        parts += [manifest.arch, manifest.ending, manifest.interface.model_dump_json(), code]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def check_sha256(name: str, found: str, expected: str, where: str) -> None:
    """Compare two hashes.

    Raises:
        ConfigurationError: They differ.
    """
    if found != expected:
        raise ConfigurationError(
            f"{where}: '{name}' has the SHA-256 {found}, but {MANIFEST} names {expected}. It is "
            "another file, or damaged: fetch it again, or ask its origin which one is right."
        )


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Read a file that is one: no link, no device, no pipe, and not too large.

    Raises:
        ConfigurationError: It is none.
    """
    try:
        # Not followed, and not waited for should it be a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if path.is_symlink():
            raise ConfigurationError(f"{path} is a link; put the file itself there.") from None
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise ConfigurationError(f"{path} is no file.")
    with open(descriptor, "rb") as source:
        if status.st_size > most_bytes:
            raise ConfigurationError(f"{path} is too large: over {most_bytes} bytes.")
        try:
            return source.read(most_bytes + 1)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
