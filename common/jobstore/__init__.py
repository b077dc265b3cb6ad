"""The job store: the truth about every job, changed by atomic scripts in Redis."""

from common.jobstore.api_keys import ApiKeys
from common.jobstore.archives import Archives
from common.jobstore.batches import Batches
from common.jobstore.dead_letters import DeadLetters
from common.jobstore.hourly_stats import HourlyStats
from common.jobstore.images import Images
from common.jobstore.jobs import Jobs
from common.jobstore.leases import Leases
from common.jobstore.lua_build import REDIS_CLOCK
from common.jobstore.maintenance import Maintenance
from common.jobstore.outbox import Outbox
from common.jobstore.outputs import Outputs
from common.jobstore.overview import Overviews
from common.jobstore.policy import Policy
from common.jobstore.rate_limits import RateLimits
from common.jobstore.redis_client import RedisClient
from common.jobstore.submissions import Submissions
from common.jobstore.usage import Usage
from common.jobstore.webhooks import Webhooks
from common.settings import Settings


class JobStore:
    """All verbs of the job store, by who uses them.

    Attributes:
        redis: The way to Redis.
        submissions: How work comes in.
        jobs: Jobs as their callers see them.
        batches: Jobs that came in together.
        archives: Which jobs' pictures leave together.
        images: Photos kept for jobs to come.
        outputs: Whether finished pictures are still in the storage.
        dead_letters: Jobs whose renders died, as operators see them.
        api_keys: The API keys that are made and revoked with a command.
        rate_limits: How many requests came, as their limits count them.
        usage: What callers have used up.
        webhooks: What callers are told of by webhooks, as they see it.
        outbox: The same, as a keeper sends it.
        hourly_stats: What happened in the last hour.
        maintenance: What the keeper does.
        overviews: The whole service at one moment.
    """

    def __init__(
        self, url: str, policy: Policy, *, timeout_s: float = 1.0, clock: str = REDIS_CLOCK
    ) -> None:
        self.redis = RedisClient(url, policy, timeout_s=timeout_s, clock=clock)
        self.submissions = Submissions(self.redis)
        self.jobs = Jobs(self.redis)
        self.batches = Batches(self.redis)
        self.archives = Archives(self.redis)
        self.images = Images(self.redis)
        self.outputs = Outputs(self.redis)
        self.dead_letters = DeadLetters(self.redis)
        self.api_keys = ApiKeys(self.redis)
        self.rate_limits = RateLimits(self.redis)
        self.usage = Usage(self.redis)
        self.webhooks = Webhooks(self.redis)
        self.outbox = Outbox(self.redis)
        self.hourly_stats = HourlyStats(self.redis)
        self.maintenance = Maintenance(self.redis)
        self.overviews = Overviews(self.redis)

    @classmethod
    def from_settings(cls, settings: Settings, *, timeout_s: float) -> "JobStore":
        """Open the store that the settings name; nothing is connected yet."""
        return cls(
            settings.redis_url.get_secret_value(),
            Policy.from_settings(settings),
            timeout_s=timeout_s,
        )

    def leases(self, process: str) -> Leases:
        """The verbs of one worker process."""
        return Leases(self.redis, process)


__all__ = ["JobStore"]
