"""Ids in paths: 128 random bits as 32 hexadecimal digits. Pure."""

import re

from common import log
from common.errors import NotFound

_ID = re.compile(r"[0-9a-f]{32}")


def checked_id(text: str, kind: str) -> str:
    """Return the id if it is well-formed.

    Args:
        text: The id from the path.
        kind: What it identifies, for the message.

    Raises:
        NotFound: It is malformed; no lookup is needed.
    """
    if not _ID.fullmatch(text):
        raise NotFound(f"There is no such {kind}.")
    return text


def checked_job_id(job_id: str) -> str:
    """Return the job's id if it is well-formed, and set it for the log.

    Raises:
        NotFound: It is malformed; no lookup is needed.
    """
    log.job_id.set(checked_id(job_id, "job"))
    return job_id
