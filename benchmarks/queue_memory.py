"""What a waiting job costs in Redis: its records, its places in lines and lists, and its hint."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.queue_ground import LINE, METADATA, Ground, fill, running_ground
from benchmarks.report import Table
from benchmarks.service import say
from common.jobstore.redis_keys import PREFIX
from common.queue.celery_app import make_celery
from common.queue.hints import HintPublisher

PROMISE_BYTES = 2_500
KINDS = ("job", "render", "holders", "attached", "line", "deadlines", "jobs", "line.")
TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Cost:
    """Bytes of Redis for each waiting job.

    Attributes:
        words: Which jobs.
        store: Growth of `used_memory` by the job store's records, its tables included.
        hint: The same by the Celery message.
        by_kind: `MEMORY USAGE` of all keys of a kind, tables of the whole database left out.
        allocator: What the server allocates with; its size classes take part in the figures.
    """

    words: str
    store: float
    hint: float
    by_kind: Mapping[str, float]
    allocator: str


def measure(jobs: int) -> list[Cost]:
    """Fill a fresh server for each kind of job, and weigh what has come."""
    text = json.dumps(METADATA, separators=(",", ":"))
    cases: dict[str, Mapping[str, str]] = {
        "without metadata": {},
        f"with {len(text)} bytes of metadata": METADATA,
    }
    costs = []
    for words, metadata in cases.items():
        say(f"{jobs:,} jobs {words}, and their hints")
        with running_ground() as ground:
            costs.append(_weigh(ground, jobs, words, metadata))
    return costs


def _weigh(ground: Ground, jobs: int, words: str, metadata: Mapping[str, str]) -> Cost:
    fill(ground, 1, metadata=metadata)  # scripts and the keys that all share
    empty = ground.used_bytes()
    fill(ground, jobs, metadata=metadata)
    recorded = ground.used_bytes()
    app = make_celery(ground.settings, publish_timeout_s=TIMEOUT_S)
    hints = HintPublisher(app)
    hints.publish(LINE, "0" * 64)  # the connection and the queue
    connected = ground.used_bytes()
    for number in range(jobs):
        hints.publish(LINE, f"{number:064x}")
    hinted = ground.used_bytes()
    app.close()
    return Cost(
        words,
        (recorded - empty) / jobs,
        (hinted - connected) / jobs,
        _by_kind(ground, jobs),
        str(ground.connection.info("memory")["mem_allocator"]),
    )


def _by_kind(ground: Ground, jobs: int) -> dict[str, float]:
    """Sum the keys of each kind, for each job."""
    sums: Counter[str] = Counter()
    keys = list(ground.connection.scan_iter(count=1000))
    with ground.connection.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.memory_usage(key, samples=0)
        for key, size in zip(keys, pipe.execute(), strict=True):
            name = key.decode().removeprefix(PREFIX)
            sums["line." if name == f"line.{LINE}" else name.partition(":")[0]] += size
    return {kind: sums[kind] / jobs for kind in KINDS}


def table(costs: Sequence[Cost], jobs: int) -> Table:
    """Set the costs beside the promise."""
    rows = [
        [cost.words, *(f"{b:,.0f}" for b in (cost.store, cost.hint, cost.store + cost.hint))]
        for cost in costs
    ]
    names = {"line.": "hint", "jobs": "caller's list"}
    parts = ", ".join(f"{names.get(k, k)} {v:,.0f}" for k, v in costs[-1].by_kind.items())
    return Table(
        "Memory of Redis for each waiting job",
        ["bytes", "job store", "hint", "together"],
        rows,
        f"Growth of used_memory over {jobs:,} waiting jobs, each with its hint; promised are "
        f"{PROMISE_BYTES:,} bytes together. The server allocates with {costs[-1].allocator}. By "
        f"key, {costs[-1].words}: {parts}; the rest are the database's own tables.",
    )


def figures(costs: Sequence[Cost]) -> list[dict[str, object]]:
    """The same for programs."""
    return [asdict(cost) for cost in costs]
