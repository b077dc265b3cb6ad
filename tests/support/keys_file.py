"""Writes the keys file that lets a test's callers in."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path


def write_keys(
    path: Path, keys: Mapping[str, str], weights: Mapping[str, float] | None = None
) -> Path:
    """Write a file of callers who may work with their own jobs.

    Args:
        path: Where to.
        keys: Each caller's key, by name.
        weights: Weights other than 1, by name.
    """
    entries = [
        f'[[callers]]\nname = "{name}"\nkey_sha256 = "{sha256(key.encode()).hexdigest()}"\n'
        f'weight = {(weights or {}).get(name, 1.0)}\nscopes = ["jobs"]\n'
        for name, key in keys.items()
    ]
    path.write_text("\n".join(entries))
    return path
