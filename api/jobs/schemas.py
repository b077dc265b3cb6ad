"""Job schemas: pages of jobs, deletions and their parameters. Pure except for signing.

The job itself, which webhooks show too, is in `common/schemas/job.py`.
"""

from pydantic import Field

from api.http.request_options import CURSOR_PATTERN, MAX_LIST, Fields
from common.jobs import JobStatus
from common.jobstore.jobs import Deletion, JobPage
from common.schemas.base import Body
from common.schemas.job import JobBody
from common.schemas.links import Links


class JobPageBody(Body):
    """Some of the caller's jobs, newest first, and where the next ones begin."""

    data: list[JobBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: JobPage, links: Links) -> "JobPageBody":
        """Build the body of a page."""
        return cls(data=[JobBody.of(job, links) for job in page.jobs], next_cursor=page.cursor)


class DeletionBody(Body):
    """What went with a job, and what stays because other jobs hold it."""

    deleted: list[str]
    retained: list[str]

    @classmethod
    def of(cls, deletion: Deletion) -> "DeletionBody":
        """Build the body of a deletion."""
        return cls(deleted=list(deletion.deleted), retained=list(deletion.retained))


class ListParameters(Fields):
    """What part of a caller's jobs is asked for."""

    status: JobStatus | None = None
    cursor: str | None = Field(
        None, pattern=CURSOR_PATTERN, description="`next_cursor` of the page before."
    )
    limit: int = Field(20, ge=1, le=MAX_LIST, description="Most entries of the page.")
