"""The job store: the truth about every job, changed by atomic scripts in Redis."""

from common.settings import Settings
from common.store.archives import Archives
from common.store.batches import Batches
from common.store.composition import REDIS_CLOCK
from common.store.dead_letters import DeadLetters
from common.store.images import Images
from common.store.keyring import Keyring
from common.store.leases import Leases
from common.store.ledger import Ledger
from common.store.minutes import Minutes
from common.store.outbox import Outbox
from common.store.outputs import Outputs
from common.store.policy import Policy
from common.store.request_windows import RequestWindows
from common.store.scripts import Scripts
from common.store.submissions import Submissions
from common.store.upkeep import Upkeep
from common.store.usage import Usage
from common.store.webhooks import Webhooks


class JobStore:
    """All verbs of the job store, by who uses them.

    Attributes:
        scripts: The way to Redis.
        submissions: How work comes in.
        ledger: Jobs as their callers see them.
        batches: Jobs that came in together.
        archives: Which jobs' pictures leave together.
        images: Photos kept for jobs to come.
        outputs: Whether finished pictures are still in the storage.
        dead_letters: Jobs whose renders died, as operators see them.
        keyring: The API keys that are made and revoked with a command.
        request_windows: How many requests came, as their limits count them.
        usage: What callers have used up.
        webhooks: What callers are told of by webhooks, as they see it.
        outbox: The same, as a keeper sends it.
        minutes: What happened in the last hour.
        upkeep: What the keeper does, and the view of the whole.
    """

    def __init__(
        self, url: str, policy: Policy, *, timeout_s: float = 1.0, clock: str = REDIS_CLOCK
    ) -> None:
        self.scripts = Scripts(url, policy, timeout_s=timeout_s, clock=clock)
        self.submissions = Submissions(self.scripts)
        self.ledger = Ledger(self.scripts)
        self.batches = Batches(self.scripts)
        self.archives = Archives(self.scripts)
        self.images = Images(self.scripts)
        self.outputs = Outputs(self.scripts)
        self.dead_letters = DeadLetters(self.scripts)
        self.keyring = Keyring(self.scripts)
        self.request_windows = RequestWindows(self.scripts)
        self.usage = Usage(self.scripts)
        self.webhooks = Webhooks(self.scripts)
        self.outbox = Outbox(self.scripts)
        self.minutes = Minutes(self.scripts)
        self.upkeep = Upkeep(self.scripts)

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
        return Leases(self.scripts, process)


__all__ = ["JobStore"]
