"""Usage schemas: what a caller has used, and what is left. Pure."""

import datetime

from api.rate_limit.rate_limit import RequestQuota
from api.service.schemas import megapixels_a_day
from common.callers import Caller
from common.jobs import CacheStatus
from common.jobstore.usage import DayUsage
from common.schemas.base import Body, Moment, moment
from common.settings import Settings


class OpenJobsUsageBody(Body):
    """Jobs that are open now."""

    used: int
    limit: int
    left: int


class MegapixelsBody(Body):
    """Megapixels at work size that were admitted today; `limit` and `left` are null without one."""

    used: float
    limit: float | None
    left: float | None


class AnswersBody(Body):
    """How today's submissions met the cache."""

    hit: int
    joined: int
    miss: int
    bypass: int


class RequestsBody(Body):
    """Requests of the running minute."""

    used: int
    limit: int
    left: int
    reset_seconds: int

    @classmethod
    def of(cls, quota: RequestQuota) -> "RequestsBody":
        """Build the usage of the present minute."""
        return cls(
            used=quota.limit - quota.left,
            limit=quota.limit,
            left=quota.left,
            reset_seconds=quota.reset_s,
        )


class UsageBody(Body):
    """What a caller has used up; a day is one of UTC."""

    caller: str
    day: datetime.date
    day_ends_at: Moment
    open_jobs: OpenJobsUsageBody
    megapixels: MegapixelsBody
    answers: AnswersBody
    requests: RequestsBody | None

    @classmethod
    def of(
        cls, usage: DayUsage, *, caller: Caller, settings: Settings, quota: RequestQuota | None
    ) -> "UsageBody":
        """Build the usage of a caller, with its limits."""
        most_open = caller.share.max_open_jobs or settings.max_open_jobs_per_caller
        most_mp, used_mp = megapixels_a_day(settings, caller), usage.work_px / 1e6
        return cls(
            caller=caller.name,
            day=datetime.datetime.fromtimestamp(usage.day_start_ms / 1000, datetime.UTC).date(),
            day_ends_at=moment(usage.day_end_ms),
            open_jobs=OpenJobsUsageBody(
                used=usage.open_jobs, limit=most_open, left=max(most_open - usage.open_jobs, 0)
            ),
            megapixels=MegapixelsBody(
                used=round(used_mp, 3),
                limit=most_mp,
                left=None if most_mp is None else max(round(most_mp - used_mp, 3), 0.0),
            ),
            answers=AnswersBody(**{status.value: usage.answers[status] for status in CacheStatus}),
            requests=None if quota is None else RequestsBody.of(quota),
        )
