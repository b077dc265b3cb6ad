"""Ids as they stand in addresses: 128 random bits as 32 hexadecimal digits. Pure."""

import re

from common import log
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


def checked_job_id(job_id: str) -> str:
    """Return what may be a job's id, and note it for the log.

    Raises:
        NotFound: It cannot be one; nobody needs to be asked.
    """
    log.job_id.set(checked_id(job_id, "job"))
    return job_id
