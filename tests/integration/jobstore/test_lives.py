"""Lives of keys: what lapses by itself does so, and nothing else does."""

import pytest

from common.errors import DecodeFailed
from common.jobstore.redis_keys import PATTERNS, owner_of
from common.jobstore.submissions import BatchPlace
from tests.integration.jobstore.builders import (
    CLOCK_KEY,
    ClockedStore,
    Worker,
    policy,
    submission,
    submit,
)

FIGURES = policy()
DAY_MS = 86_400_000
# Milliseconds after which Redis itself takes the key away; all others end by the verbs.
LIVES_MS = {
    "process:{process}": FIGURES.process_ms,
    "held:{process}": FIGURES.process_ms,
    "failure:{key}": FIGURES.failure_ms,
    "idem:{digest}": FIGURES.idempotency_ms,
    "spent:{caller}:{day}": DAY_MS,
    "answers:{caller}:{day}": DAY_MS,
    "batch:{batch}": FIGURES.batch_ms,
    "items:{batch}": FIGURES.batch_ms,
    "archive:{archive}": 60_000,
    "present:{object}": FIGURES.check_ms,
    "requests:{window}": 60_000,
    "memory": FIGURES.process_ms,
}


def make_keys(clocked: ClockedStore) -> None:
    """Leave a key of each kind that lapses, and many others."""
    store, worker = clocked.store, Worker(clocked.store)
    worker.beat()
    submit(store, submission("bad"))
    worker.fail(worker.take(), DecodeFailed())
    submit(store, submission("lost", idempotency_key="mine", fingerprint="a"))
    Worker(store).take()
    clocked.pass_time(8)
    place = BatchPlace(store.batches.begin("ann", idempotency_key=None).batch_id, 0, "a.jpg")
    good = submission("good", place=place)
    submit(store, good)
    worker.take()  # alone with the suspect
    store.maintenance.note_memory()
    store.archives.make("ann", [good.job_id], ttl_s=60)
    store.outputs.seen("outputs/00/0.png")
    store.rate_limits.count("jobs", window_s=60)


@pytest.mark.parametrize("with_renewal", [False, True])
def test_what_lapses_lapses_and_nothing_else(clocked: ClockedStore, with_renewal: bool) -> None:
    make_keys(clocked)
    if with_renewal:
        for name in clocked.redis.scan_iter("celshade:held:*"):
            clocked.redis.persist(name)
            clocked.redis.persist(name.replace(":held:", ":process:"))
            clocked.store.leases(name.rpartition(":")[2]).renew([])
    seen = set[str]()
    for key in clocked.redis.scan_iter("*"):
        owner = owner_of(key)
        if key == CLOCK_KEY:
            continue
        assert owner, key
        seen.add(owner.pattern)
        life_ms = clocked.redis.pttl(key)
        longest_ms = LIVES_MS.get(owner.pattern)
        assert (life_ms == -1) if longest_ms is None else (0 < life_ms <= longest_ms), key
    assert set(LIVES_MS) <= seen


def test_every_pattern_that_lapses_says_so() -> None:
    assert set(LIVES_MS) <= {pattern.pattern for pattern in PATTERNS}
