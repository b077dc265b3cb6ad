"""Redis keys: every pattern that the job store uses, with its content and its end.

`docs/redis-keys.md` is generated from this table; tests compare real databases with it.
"""

import re
from dataclasses import dataclass

PREFIX = "celshade:"
ENDED_CHANNEL = f"{PREFIX}ended"


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """One kind of key: its pattern after the prefix, type, content, and when it is deleted."""

    pattern: str
    kind: str
    holds: str
    ends: str

    def matches(self, key: str) -> bool:
        """Return whether a key is of this kind."""
        expression = re.escape(self.pattern).replace(r"\{", "{").replace(r"\}", "}")
        expression = re.sub(r"{\w+}", "[^:]+", expression)
        return re.fullmatch(re.escape(PREFIX) + expression, key) is not None


PATTERNS = (
    KeyPattern("job:{job}", "hash", "a job's record", "7 days after finish, or DELETE"),
    KeyPattern("jobs:{caller}", "zset", "a caller's jobs by creation", "with its last job"),
    KeyPattern("render:{key}", "hash", "a render in flight or done", "with its last holder"),
    KeyPattern("attached:{key}", "set", "open jobs of a render", "when the render ends"),
    KeyPattern("line:{line}", "zset", "waiting renders by tag", "empty"),
    KeyPattern("suspects:{line}", "zset", "waiting renders that lost an attempt", "empty"),
    KeyPattern("flows:{line}", "zset", "last tag of each flow", "a flow: once <= v"),
    KeyPattern("clock:{line}", "hash", "v, arrivals, pixels, volunteer", "with its version"),
    KeyPattern("version:{line}", "hash", "a style version's card", "unseen for 7 days, empty"),
    KeyPattern("versions", "zset", "style versions by last sight", "an entry: with its version"),
    KeyPattern("forgetting", "zset", "forgotten lines", "an entry: once its queue is deleted"),
    KeyPattern("crew:{line}", "hash", "workers of a line", "a worker: silent for 60 s"),
    KeyPattern("process:{process}", "hash", "alone with, volunteer for", "silent for 60 s"),
    KeyPattern("held:{process}", "hash", "pixels a process holds leases on", "silent for 60 s"),
    KeyPattern("leases", "zset", "running renders by lease end", "empty"),
    KeyPattern("delayed", "zset", "renders in a pause by its end", "empty"),
    KeyPattern("failure:{key}", "string", "a remembered failure", "10 minutes"),
    KeyPattern("idem:{digest}", "hash", "an idempotency key's job or batch", "24 hours"),
    KeyPattern("batch:{batch}", "hash", "what the photos of a batch share", "8 days"),
    KeyPattern("items:{batch}", "hash", "photos of a batch: labels, jobs", "with its batch"),
    KeyPattern(
        "receiving", "zset", "batches being received, by lapse", "an entry: received, lapsed"
    ),
    KeyPattern(
        "archive:{archive}", "hash", "jobs in a ZIP, and its link's secret", "with its link"
    ),
    KeyPattern("image:{image}", "hash", "a photo kept for later jobs", "24 hours, or DELETE"),
    KeyPattern("images", "zset", "images by expiry", "an entry: with its image"),
    KeyPattern("images:{caller}", "zset", "a caller's images by expiry", "with its last image"),
    KeyPattern("present:{object}", "string", "a picture checked in the storage", "an hour"),
    KeyPattern("holders:{object}", "set", "who holds an object", "with the last holder"),
    KeyPattern(
        "doomed", "zset", "objects to delete by due time", "an entry: when committed or due"
    ),
    KeyPattern("deleting", "zset", "objects being deleted", "an entry: once deleted"),
    KeyPattern("deadlines", "zset", "open jobs by deadline", "an entry: when the job ends"),
    KeyPattern(
        "expiries", "zset", "finished jobs by picture expiry", "an entry: 24 h after finish"
    ),
    KeyPattern("forgets", "zset", "finished jobs by record expiry", "an entry: with its record"),
    KeyPattern("dead", "zset", "dead letters by time", "an entry: 7 days, or beyond 10,000"),
    KeyPattern("open", "hash", "open jobs per caller", "a field: at zero"),
    KeyPattern(
        "spent:{caller}:{day}",
        "string",
        "a caller's pixels of a day, `*`: all callers'",
        "a day after",
    ),
    KeyPattern(
        "answers:{caller}:{day}", "hash", "a caller's hits and misses of a day", "a day after"
    ),
    KeyPattern("requests:{window}", "string", "a caller's requests of a minute", "60 s"),
    KeyPattern("api_keys", "hash", "API keys: hashes, callers, scopes", "a key: when revoked"),
    KeyPattern("api_share:{caller}", "hash", "figures of a caller's share", "with its last key"),
    KeyPattern("api_keys_used", "hash", "when API keys were last used", "a key: when revoked"),
    KeyPattern("api_keys_mark", "string", "changes with the API keys", "never"),
    KeyPattern("webhook:{webhook}", "hash", "an event and how it was sent", "7 days after its end"),
    KeyPattern(
        "webhook_log:{caller}",
        "zset",
        "a caller's events by time",
        "an entry: beyond 1,000, 8 days",
    ),
    KeyPattern("webhooks_due:{caller}", "zset", "a caller's events by due time", "empty"),
    KeyPattern("webhooks_out:{caller}", "zset", "events being sent by lease end", "empty"),
    KeyPattern("webhooks_callers", "zset", "callers with events by their turn", "empty"),
    KeyPattern(
        "webhook_to:{caller}:{address}",
        "hash",
        "an address of webhooks",
        "9 days after its last use",
    ),
    KeyPattern(
        "webhook_off:{caller}",
        "zset",
        "disabled addresses of webhooks",
        "an entry: enabled, or beyond 1,000",
    ),
    KeyPattern(
        "webhook_secret:{caller}", "hash", "what webhooks are signed with", "400 days without use"
    ),
    KeyPattern("states", "hash", "jobs per state", "never"),
    KeyPattern("counts", "hash", "counters for /metrics", "never"),
    KeyPattern("eta", "hash", "errors of promised times, by bucket", "never"),
    KeyPattern("took", "hash", "times from submission to picture, by bucket", "never"),
    KeyPattern("minute:{minute}", "hash", "the counters as a minute began", "62 minutes"),
    KeyPattern("reaper", "hash", "the reaper's last time and pauses", "never"),
    KeyPattern("memory", "string", "used share of Redis' memory", "60 s without a keeper"),
)


def owner_of(key: str) -> KeyPattern | None:
    """Return the pattern that a key matches, or None for an unknown key."""
    return next((pattern for pattern in PATTERNS if pattern.matches(key)), None)
