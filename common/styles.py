"""Styles: their names, their versions, and the names of their lines. Pure.

A version is a digest of everything that decides a style's pixels besides the parameters: the model
and this pipeline. Each version has a line of its own, so that pixels of two versions never mix.
"""

import hashlib
import re

# Raise it whenever decoding, resizing, blending or encoding change the pixels of finished pictures.
PIPELINE_VERSION = 2

_STYLE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def is_style_name(name: str) -> bool:
    """Return whether a style may have this name: [a-z0-9-], at most 63 characters."""
    return _STYLE_NAME.fullmatch(name) is not None


def version_of(model_digest: str) -> str:
    """Compute a style's version from its model's digest: 12 hexadecimal digits."""
    return hashlib.sha256(f"{model_digest}\n{PIPELINE_VERSION}".encode()).hexdigest()[:12]


def line_of(style: str, version: str) -> str:
    """Return the name of a style version's line."""
    return f"{style}.{version}"
