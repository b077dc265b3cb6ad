"""Schemas: the bodies that tell of jobs. Pure but for signing.

What webhooks show as well stands in `common/answers`; it is named here for its neighbours.
"""

from common.answers.base import Body, Id, Moment, Sha256, Url, moment
from common.answers.job import FailureBody, JobBody
from common.answers.links import Links
from common.store.ledger import Deletion, JobPage

__all__ = [
    "Body",
    "DeletionBody",
    "FailureBody",
    "Id",
    "JobBody",
    "JobPageBody",
    "Moment",
    "Sha256",
    "Url",
    "moment",
]


class JobPageBody(Body):
    """Some of the caller's jobs, newest first, and where the next ones begin."""

    data: list[JobBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: JobPage, links: Links) -> "JobPageBody":
        """Show a page."""
        return cls(data=[JobBody.of(job, links) for job in page.jobs], next_cursor=page.cursor)


class DeletionBody(Body):
    """What went with a job, and what stays because other jobs hold it."""

    deleted: list[str]
    retained: list[str]

    @classmethod
    def of(cls, deletion: Deletion) -> "DeletionBody":
        """Show a deletion."""
        return cls(deleted=list(deletion.deleted), retained=list(deletion.retained))
