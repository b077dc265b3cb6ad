"""The checkout that tests look at: its files as git sees them, its lock files, its tools.

Files count as soon as git would take them, so that new ones are held to the rules before a commit.
"""

import shutil
import subprocess
import sysconfig
from pathlib import Path

from tests.support import servers

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements"


def files(*patterns: str) -> list[Path]:
    """Return the files of the checkout whose paths match one of git's patterns; all without any."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    try:
        answer = subprocess.run([*command, *patterns], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        servers.absent(f"git cannot list the files of this directory: {error}")
    names = {name for name in answer.stdout.decode().split("\0") if name}
    return sorted(path for name in names if (path := ROOT / name).is_file())


def name_of(path: Path) -> str:
    """Return a file's path inside the checkout."""
    return path.relative_to(ROOT).as_posix()


def program(name: str, *, wheel: str) -> str:
    """Return the path of a program that a development wheel put beside Python, or of the PATH's."""
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        servers.absent(f"There is no {name}; requirements/dev.txt brings it ({wheel}).")
    return found
