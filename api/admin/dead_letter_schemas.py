"""Dead-letter schemas: what operators see of the jobs of callers. Pure.

They contain no photo, parameters or metadata: operators need not see them.
"""

from pydantic import Field

from api.http.request_options import CURSOR_PATTERN, MAX_LIST, Fields
from common.jobs import Job, JobStatus
from common.jobstore.dead_letters import DeadLetter, DeadLetterPage
from common.schemas.base import Body, Id, Moment, moment


class DeadLetterParameters(Fields):
    """What part of the list is asked for."""

    cursor: str | None = Field(
        None, pattern=CURSOR_PATTERN, description="`next_cursor` of the page before."
    )
    limit: int = Field(20, ge=1, le=MAX_LIST, description="Most entries of the page.")


class PurgeParameters(Fields):
    """Which letters are to go; all of them when it says nothing."""

    older_than_seconds: int = Field(
        0, ge=0, le=10**9, description="Only letters that came longer ago than this."
    )


class DeadLetterBody(Body):
    """One letter: whose job, what it was for, and what its last attempt ended with."""

    job_id: Id
    caller: str
    style: str
    version: str
    render_key: str
    run: int
    attempts: int
    code: str
    message: str
    created_at: Moment
    died_at: Moment
    retryable: bool

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterBody":
        """Build the body of a letter; it can be retried while its photo is stored."""
        return cls.model_validate(
            {
                "job_id": letter.job_id,
                "caller": letter.caller,
                "style": letter.style,
                "version": letter.version,
                "render_key": letter.render_key,
                "run": letter.run,
                "attempts": letter.attempts,
                "code": letter.failure.code,
                "message": letter.failure.message,
                "created_at": moment(letter.created_ms),
                "died_at": moment(letter.died_ms),
                "retryable": letter.has_photo,
            }
        )


class DeadLetterPageBody(Body):
    """One page of the list, newest first."""

    data: list[DeadLetterBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: DeadLetterPage) -> "DeadLetterPageBody":
        """Build the body of a page."""
        return cls(data=[DeadLetterBody.of(each) for each in page.letters], next_cursor=page.cursor)


class RetriedBody(Body):
    """A job's next run, as its operator may see it."""

    job_id: Id
    caller: str
    status: JobStatus
    run: int

    @classmethod
    def of(cls, job: Job) -> "RetriedBody":
        """Build the body of a retried job."""
        return cls(job_id=job.id, caller=job.caller, status=job.status, run=job.run)


class PurgedBody(Body):
    """How many letters went."""

    purged: int
