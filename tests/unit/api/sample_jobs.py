"""Jobs as the store shows them, for tests that need one and no store."""

from common.jobs import CacheStatus, Job, JobStatus, Priority


def job(status: JobStatus) -> Job:
    """A job in a state."""
    return Job(
        id="a" * 32,
        caller="local",
        status=status,
        style="ink",
        version="v1",
        params={},
        priority=Priority.NORMAL,
        run=1,
        attempts=0,
        created_ms=0,
        deadline_ms=0,
        render_key="k",
        cache=CacheStatus.MISS,
    )


OPEN, ENDED = job(JobStatus.QUEUED), job(JobStatus.SUCCEEDED)
