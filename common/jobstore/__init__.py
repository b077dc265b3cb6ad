"""The job store: the state of every job, in Redis, changed only by atomic scripts."""

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
    """All verbs of the job store, grouped by who uses them.

    Attributes:
        redis: The client that calls the scripts.
        submissions: How work comes in.
        jobs: Jobs as their callers see them.
        batches: Jobs that were submitted together.
        archives: Selections of jobs whose pictures are downloaded as one ZIP.
        images: Photos kept for later jobs.
        outputs: Whether finished pictures are still in the storage.
        dead_letters: Jobs whose renders failed for good, as operators see them.
        api_keys: API keys that are created and revoked with a command.
        rate_limits: Counters of requests.
        usage: How much callers have used today.
        webhooks: Webhook deliveries, secrets and addresses, as callers see them.
        outbox: Webhook events, as a keeper sends them.
        hourly_stats: What happened in the last hour.
        maintenance: The keeper's regular work.
        overviews: The state of the whole service.
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
        """Make the store that the settings name; it connects when first used."""
        return cls(
            settings.redis_url.get_secret_value(),
            Policy.from_settings(settings),
            timeout_s=timeout_s,
        )

    def leases(self, process: str) -> Leases:
        """Return the verbs of one worker process."""
        return Leases(self.redis, process)


__all__ = ["JobStore"]
