"""The source of a style's pixels: a digest of the code that decides them."""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest_of_code(paths: Iterable[str]) -> str:
    """Hash source files, in their order: a change of one is a new version of the style.

    Imports and empty lines do not count: a module that moves elsewhere draws the same pixels.

    Args:
        paths: `__file__` of the modules.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(_without_imports(Path(path).read_text()).encode()).digest())
    return digest.hexdigest()


def _without_imports(source: str) -> str:
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines[number - 1] = ""
    return "\n".join(line for line in lines if line.strip())
