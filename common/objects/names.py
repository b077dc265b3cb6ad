"""Object names: how they are made, and which names are valid. Pure.

Nothing that a caller sent is part of a name: inputs are random, outputs are named by their render
and attempt, so that a late worker never overwrites another's picture.
"""

import re
import secrets

INPUT_BYTES = 16  # 128 random bits: no two are equal
MAX_LENGTH = 512  # characters; S3 allows 1,024 bytes
# Parts begin with a letter, digit, '_' or '-': that alone excludes '', '.', '..', hidden files,
# absolute paths, NUL and backslashes.
_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_DOWNLOAD_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")


def new_input_name() -> str:
    """Return a new name for an uploaded photo."""
    return f"inputs/{secrets.token_hex(INPUT_BYTES)}"


def is_name(text: str) -> bool:
    """Return whether a text is a valid object name."""
    return len(text) <= MAX_LENGTH and _NAME.fullmatch(text) is not None


def require_name(text: str) -> str:
    """Return the text if it is a valid object name.

    Raises:
        ValueError: It is not; a bug of ours.
    """
    if not is_name(text):
        raise ValueError(f"{text!r} is not an object name")
    return text


def content_disposition(download_name: str) -> str:
    """Return the Content-Disposition with which a browser saves an object and never opens it.

    Args:
        download_name: File name in [A-Za-z0-9._-], at most 128 characters.

    Raises:
        ValueError: The file name holds anything else.
    """
    if not _DOWNLOAD_NAME.fullmatch(download_name):
        raise ValueError(f"{download_name!r} is not a name for a download")
    return f'attachment; filename="{download_name}"'
