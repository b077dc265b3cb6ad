"""Looks whether finished pictures are still in the storage, before links to old ones go out.

Each is looked for once an hour, by whoever comes first in the whole service; what was rendered
within the hour is not. A storage that does not answer proves nothing: the link is given, and may
work by the time it is followed.
"""

import logging
from collections.abc import Callable

from api.context.context import Context
from common.errors import StorageUnavailable
from common.jobs import Job

_log = logging.getLogger(__name__)


def look_for(name: str, made_ms: int, context: Context) -> bool:
    """Look for a picture if it is time to; when it is gone, nothing leads to it any more.

    Args:
        name: Its object.
        made_ms: When it was rendered, milliseconds since the epoch; 0 for long ago.
        context: What the request is served with.

    Returns:
        False when it is known to be gone.

    Raises:
        StoreUnavailable: The job store does not answer.
    """
    outputs = context.store.outputs
    if not outputs.is_due(name, made_ms):
        return True
    try:
        is_there = context.objects.exists(name)
    except StorageUnavailable as error:
        _log.warning("could not look for a picture: %s", error)
        return True
    if is_there:
        outputs.seen(name)
    else:
        jobs = outputs.vanished(name)
        _log.error("a picture is gone from the storage", extra={"object": name, "jobs": jobs})
    return is_there


def with_present_picture(job: Job, look: Callable[[], Job], context: Context) -> Job:
    """Return a job as it was seen, or as it is once its picture was found to be gone.

    Args:
        job: The job.
        look: Returns it as it is now.
        context: What the request is served with.
    """
    if job.output is None or not job.output.name or job.pictures_gone:
        return job
    made_ms = (job.finished_ms or 0) - round((job.cache_age_s or 0) * 1000)
    if job.now_ms - made_ms <= context.store.outputs.check_ms:
        return job  # nobody need be asked
    return job if look_for(job.output.name, made_ms, context) else look()
