"""Writes bundles: `model.json` with the SHA-256 of the files that are given, and the files."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import ConfigurationError
from worker.bundles.bundle import Bundle
from worker.bundles.manifest import MANIFEST, Format, Role
from worker.bundles.parsing import parse_manifest


@dataclass(frozen=True, slots=True)
class Part:
    """A file to be.

    Attributes:
        path: Its bare name.
        data: Its bytes.
        format: How it is read.
        role: What it is for.
    """

    path: str
    data: bytes
    format: Format
    role: Role

    def listed(self) -> dict[str, str]:
        """What the manifest says of it."""
        sha256 = hashlib.sha256(self.data).hexdigest()
        return {"path": self.path, "sha256": sha256, "format": self.format, "role": self.role}


def write_bundle(folder: Path, about: Mapping[str, object], parts: Sequence[Part]) -> Bundle:
    """Write a bundle to a folder.

    Args:
        folder: Made if it is missing; it must be empty.
        about: The manifest's fields, all but `schema` and `files`.
        parts: The files.

    Raises:
        ConfigurationError: The manifest has faults, or the folder is not empty or not writable.
    """
    manifest = {"schema": 1, **about, "files": [part.listed() for part in parts]}
    text = json.dumps(manifest, indent=2, ensure_ascii=False).encode() + b"\n"
    parse_manifest(text, MANIFEST)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConfigurationError(f"{folder} is not empty; name a new folder.")
        for part in parts:
            (folder / part.path).write_bytes(part.data)
        (folder / MANIFEST).write_bytes(text)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror}.") from error
    return Bundle.open(folder)
