"""Where training keeps its things; owns no file itself."""

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[1]
LIST: Final = Path(__file__).with_name("photos.toml")
# Git ignores it: photos of others and gigabytes of targets do not belong into a repository.
OUT: Final = CHECKOUT / "out" / "training"
IMAGES: Final = CHECKOUT / "docs" / "images"
BUILTIN: Final = CHECKOUT / "worker" / "builtin"
