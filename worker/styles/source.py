"""The source of a style's pixels: a digest of the code that decides them."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest_of_code(paths: Iterable[str]) -> str:
    """Hash source files, in their order: a change of one is a new version of the style.

    Args:
        paths: `__file__` of the modules.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()
