"""Records that the releases before this one wrote are read by every verb.

The records are written down by hand, field by field, as schema 1 had them; 2 only added to them.
"""

import json
from typing import Any

import pytest

from common.errors import InternalError
from common.jobs import JobStatus
from common.jobstore.leases import Verdict
from tests.integration.jobstore.builders import (
    LINE,
    MEGAPIXEL,
    START_MS,
    ClockedStore,
    Worker,
    key_of,
    submission,
)

SENT = submission(job_id="0" * 31 + "1", input_name="inputs/by-hand")
KEY = key_of(SENT)
DAY_MS = 86_400_000
JOB: dict[Any, Any] = {
    "schema": 1, "status": "queued", "run": 1, "caller": "ann", "style": "ink",
    "version": LINE[4:], "params": json.dumps(SENT.identity.params.as_dict()),
    "priority": "normal", "weight": 1, "sha": SENT.identity.image_sha256, "scope": "service",
    "salt": "", "px": MEGAPIXEL, "created": START_MS, "span": DAY_MS,
    "deadline": START_MS + DAY_MS, "render": KEY, "cache": "miss", "input": SENT.input_name,
    "ctype": "image/jpeg", "meta": "{}", "attempts": 0,
}  # fmt: skip
RENDER: dict[Any, Any] = {
    "schema": 1, "state": "waiting", "stage": "waiting", "line": LINE, "input": SENT.input_name,
    "px": MEGAPIXEL, "tag": 0, "arrival": 1, "attempts": 0, "lost": 0, "ext": "jpg",
    "created": START_MS,
}  # fmt: skip


@pytest.fixture
def former(clocked: ClockedStore) -> ClockedStore:
    """A store with one waiting job, written by the release before."""
    r, k = clocked.redis, "celshade:"
    r.hset(f"{k}job:{SENT.job_id}", mapping=JOB)
    r.zadd(f"{k}jobs:ann", {SENT.job_id: START_MS})
    r.zadd(f"{k}deadlines", {SENT.job_id: START_MS + DAY_MS})
    r.hset(f"{k}states", "queued", 1)
    r.hset(f"{k}open", "ann", 1)
    r.hset(f"{k}render:{KEY}", mapping=RENDER)
    r.sadd(f"{k}attached:{KEY}", SENT.job_id)
    r.zadd(f"{k}line:{LINE}", {f"000000000001:{KEY}:{MEGAPIXEL}": 0})
    r.hset(f"{k}clock:{LINE}", mapping={"arrivals": 1, "waiting_px": MEGAPIXEL})
    r.zadd(f"{k}flows:{LINE}", {"ann|normal": 1})
    r.hset(f"{k}version:{LINE}", mapping={"style": "ink", "version": LINE[4:], "card": "{}"})
    r.zadd(f"{k}versions", {LINE: START_MS})
    r.sadd(f"{k}holders:{SENT.input_name}", f"j:{SENT.job_id}", f"r:{KEY[:32]}")
    return clocked


def test_it_is_seen_claimed_and_finished(former: ClockedStore) -> None:
    worker = Worker(former.store)
    worker.beat(seconds_per_mp=2.0)
    seen = former.store.jobs.view(SENT.job_id, "ann")
    assert (seen.status, seen.position, seen.eta_s) == (JobStatus.QUEUED, 1, 2.0)
    assert worker.complete(worker.take()) is Verdict.COMMITTED
    seen = former.store.jobs.view(SENT.job_id, "ann")
    assert (seen.status, seen.attempts) == (JobStatus.SUCCEEDED, 1)
    assert sum(former.store.overviews.overview().eta_errors.counts) == 0  # nothing was promised


def test_its_metadata_stand_in_one_piece(former: ClockedStore) -> None:
    metadata = {"note": "a" * 200}
    former.redis.hset(f"celshade:job:{SENT.job_id}", "meta", json.dumps(metadata))
    assert former.store.jobs.view(SENT.job_id, "ann").metadata == metadata


def test_it_fails_dies_and_is_retried(former: ClockedStore) -> None:
    worker = Worker(former.store)
    for _ in range(3):
        worker.fail(worker.take(), InternalError())
        former.pass_time(11)
    (letter,) = former.store.dead_letters.page(cursor=None, limit=10).letters
    assert (letter.job_id, letter.caller, letter.has_photo) == (SENT.job_id, "ann", True)
    former.store.submissions.retry(SENT)
    assert worker.complete(worker.take()) is Verdict.COMMITTED
    seen = former.store.jobs.view(SENT.job_id, "ann")
    assert (seen.status, seen.run) == (JobStatus.SUCCEEDED, 2)


def test_it_is_lost_joined_and_canceled(former: ClockedStore) -> None:
    Worker(former.store).take()
    former.pass_time(8)
    joiner = submission(caller="ben")
    former.store.submissions.admit(joiner)
    former.store.jobs.cancel(SENT.job_id, "ann")
    claim = Worker(former.store).take()
    assert (claim.is_suspect, claim.attempt, claim.input_name) == (True, 2, SENT.input_name)
    assert former.store.jobs.view(SENT.job_id, "ann").status is JobStatus.CANCELED
    assert former.store.jobs.view(joiner.job_id, "ben").status is JobStatus.RUNNING
