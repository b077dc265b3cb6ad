"""Names of stored objects: how ours are made, and what a name may look like at all. Pure.

Nothing that a caller sent is ever part of a name: inputs are random, outputs are named by the
render and the attempt that made them, so that a late worker never overwrites another's picture.
"""

import re
import secrets

INPUT_BYTES = 16  # 128 random bits: two uploads never meet
MAX_LENGTH = 512  # characters; S3 allows 1,024 bytes
# Parts begin with a letter, digit, '_' or '-': that alone shuts out '', '.', '..', hidden files,
# absolute paths, NUL and backslashes.
_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_DOWNLOAD_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")


def new_input_name() -> str:
    """Return a fresh name for an uploaded photo."""
    return f"inputs/{secrets.token_hex(INPUT_BYTES)}"


def is_name(text: str) -> bool:
    """Say whether a text may name an object."""
    return len(text) <= MAX_LENGTH and _NAME.fullmatch(text) is not None


def require_name(text: str) -> str:
    """Return the text when it may name an object.

    Raises:
        ValueError: It may not; some code of ours made it up.
    """
    if not is_name(text):
        raise ValueError(f"{text!r} is not an object name")
    return text


def content_disposition(download_name: str) -> str:
    """Return the Content-Disposition under which a browser saves an object and never runs it.

    Args:
        download_name: File name in [A-Za-z0-9._-], at most 128 characters.

    Raises:
        ValueError: The file name holds anything else.
    """
    if not _DOWNLOAD_NAME.fullmatch(download_name):
        raise ValueError(f"{download_name!r} is not a name for a download")
    return f'attachment; filename="{download_name}"'
