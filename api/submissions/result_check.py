"""Result checks: whether a picture is still in the storage, before a link to it is sent.

Each picture is checked at most once an hour in the whole service, and not in the hour after it was
rendered. If the storage is unavailable, the link is sent anyway: it may work by the time it is
followed.
"""

import logging
from collections.abc import Callable

from common.errors import StorageUnavailable
from common.jobs import Job
from common.jobstore.outputs import Outputs
from common.objects.base import ObjectStore

_log = logging.getLogger(__name__)


class ResultCheck:
    """Checks pictures of finished jobs. Safe to use from several threads.

    Args:
        outputs: The job store's verbs for them.
        objects: Where they are stored.
    """

    def __init__(self, outputs: Outputs, objects: ObjectStore) -> None:
        self._outputs = outputs
        self._objects = objects

    def is_present(self, name: str, made_ms: int = 0) -> bool:
        """Check a picture if that is due; if it is gone, every reference to it is removed.

        Args:
            name: Name of its object.
            made_ms: When it was rendered, milliseconds since the epoch; 0 for long ago.

        Returns:
            False if it is known to be gone.

        Raises:
            StoreUnavailable: The job store does not answer.
        """
        if not self._outputs.is_due(name, made_ms):
            return True
        try:
            is_there = self._objects.exists(name)
        except StorageUnavailable as error:
            _log.warning("could not check a picture: %s", error)
            return True
        if is_there:
            self._outputs.seen(name)
        else:
            jobs = self._outputs.vanished(name)
            _log.error("a picture is gone from the storage", extra={"object": name, "jobs": jobs})
        return is_there

    def checked(self, job: Job, reload: Callable[[], Job]) -> Job:
        """Return the job; loaded again if its picture turned out to be gone.

        Args:
            job: The job.
            reload: Returns its present state.
        """
        if job.output is None or not job.output.name or job.pictures_gone:
            return job
        made_ms = (job.finished_ms or 0) - round((job.cache_age_s or 0) * 1000)
        if job.now_ms - made_ms <= self._outputs.check_ms:
            return job  # no check is due
        return job if self.is_present(job.output.name, made_ms) else reload()
