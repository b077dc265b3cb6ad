"""Ids as they stand in addresses: 128 random bits as 32 hexadecimal digits. Pure."""

import re

from common.errors import NotFound

_ID = re.compile(r"[0-9a-f]{32}")


def checked_id(text: str, kind: str) -> str:
    """Return what may be an id.

    Args:
        text: What stands in the address.
        kind: What it would be the id of, for the sentence.

    Raises:
        NotFound: It cannot be one; nobody needs to be asked.
    """
    if not _ID.fullmatch(text):
        raise NotFound(f"There is no such {kind}.")
    return text
