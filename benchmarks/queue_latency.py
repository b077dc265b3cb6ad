"""Submission latency by how many wait already: a line of a million must not be felt."""

import contextlib
import gc
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.queue_ground import Ground, fill, running_ground, submissions
from benchmarks.report import Table, percentile
from benchmarks.service import NeverHappened, say, until
from common.jobstore.submissions import Outcome, Submission

PROMISE = 1.5
WARM_UP = 100
REWRITE_S = 300.0


@dataclass(frozen=True)
class Filled:
    """A job store with jobs that wait.

    Attributes:
        waiting: How many.
        fill_s: How long it took to submit them.
        used_bytes: Memory of its server.
    """

    waiting: int
    fill_s: float
    used_bytes: int
    ground: Ground


@contextlib.contextmanager
def filled_grounds(levels: Sequence[int]) -> Iterator[list[Filled]]:
    """Run a server for each number of waiting jobs, all at once, so that they take turns."""
    with contextlib.ExitStack() as running:
        grounds = [running.enter_context(running_ground()) for _ in levels]
        yield [_filled(ground, waiting) for ground, waiting in zip(grounds, levels, strict=True)]


def _filled(ground: Ground, waiting: int) -> Filled:
    """Fill a store. Its file is synced lazily meanwhile, and rewritten only when we say so."""
    say(f"filling a line with {waiting:,} jobs")
    ground.connection.config_set("auto-aof-rewrite-percentage", 0)
    ground.set_fsync("everysec")
    begun_s = time.monotonic()
    if waiting:
        fill(ground, waiting)
    fill_s = time.monotonic() - begun_s
    ground.set_fsync("always")
    return Filled(waiting, fill_s, ground.used_bytes(), ground)


def _rewrites(ground: Ground) -> bool:
    return bool(ground.connection.info("persistence")["aof_rewrite_in_progress"])


def measure(
    filled: Sequence[Filled], *, rounds: int, requests: int
) -> dict[int, list[list[float]]]:
    """Submit to all stores in turn, in changing order.

    Returns:
        Milliseconds of each submission, `admit` and `enqueue` together, by number of waiting jobs
        and round.
    """
    took_ms: dict[int, list[list[float]]] = {one.waiting: [] for one in filled}
    source, turn = submissions(), random.Random(0)  # noqa: S311 - an order, no secret
    for number in range(rounds):
        say(f"latency, round {number + 1} of {rounds}")
        gc.collect()
        for one in filled:
            took_ms[one.waiting].append([])
        for request in range(WARM_UP + requests):
            for one in turn.sample(filled, len(filled)):
                took = _submit(one.ground, next(source))
                if request >= WARM_UP:
                    took_ms[one.waiting][-1].append(took)
    return took_ms


def measure_rewriting(one: Filled, requests: int) -> list[float]:
    """Submit while the server rewrites its append-only file; as many as fit, at most so many."""
    say("latency while the append-only file is rewritten")
    source = submissions()
    took_ms: list[float] = []
    one.ground.connection.bgrewriteaof()
    until(lambda: _rewrites(one.ground), "the rewrite begins")
    while len(took_ms) < requests and (len(took_ms) % 100 or _rewrites(one.ground)):
        took_ms.append(_submit(one.ground, next(source)))
    until(lambda: not _rewrites(one.ground), "the rewrite ends", timeout_s=REWRITE_S)
    return took_ms


def _submit(ground: Ground, submission: Submission) -> float:
    """Submit and take back; milliseconds of the submission alone."""
    verbs = ground.store.submissions
    begun_s = time.perf_counter()
    asked = verbs.admit(submission)
    answer = verbs.enqueue(submission)
    took_ms = (time.perf_counter() - begun_s) * 1000
    if (asked.outcome, answer.outcome) != (Outcome.NEED_INPUT, Outcome.QUEUED):
        raise NeverHappened(f"a photo is new; it is {asked.outcome} and {answer.outcome}")
    ground.store.jobs.delete(submission.job_id, submission.caller.name)
    return took_ms


def table(
    filled: Sequence[Filled], took_ms: Mapping[int, list[list[float]]], rewriting: Sequence[float]
) -> Table:
    """Set each line's latency beside that of the shortest."""
    found = {waiting: _summary(rounds) for waiting, rounds in took_ms.items()}
    first = found[filled[0].waiting]
    rows = [
        [f"{waiting:,}", *_cells(one), f"{one['p50'] / first['p50']:.2f}", _share(one, first)]
        for waiting, one in found.items()
    ]
    last = filled[-1]
    if rewriting:
        one = _summary([list(rewriting)])
        words = f"{last.waiting:,}, while its file is rewritten"
        rows.append([words, *_cells(one), f"{one['p50'] / first['p50']:.2f}", _share(one, first)])
    rounds = took_ms[last.waiting]
    return Table(
        "Submission by how many wait already",
        ["waiting", "p50 ms", "p99 ms", "slowest ms", "p50 of the first", "p99 of the first"],
        rows,
        f"admit and enqueue, one after the other over one connection, appendfsync always; "
        f"{len(rounds[0]):,} of each in {len(rounds)} rounds, in turn, each taken back before the "
        f"next. Promised is a p99 of {PROMISE:g} times the first. The last line was filled in "
        f"{last.fill_s:.0f} s and takes {last.used_bytes / 1e9:.2f} GB.",
    )


def _summary(rounds: Sequence[Sequence[float]]) -> dict[str, float]:
    values = [took for one in rounds for took in one]
    return {
        "p50": percentile(values, 0.5),
        "p99": percentile(values, 0.99),
        "slowest": max(values),
    }


def _cells(one: Mapping[str, float]) -> list[str]:
    return [f"{took:.2f}" for took in one.values()]


def _share(one: Mapping[str, float], first: Mapping[str, float]) -> str:
    return f"{one['p99'] / first['p99']:.2f}"


def figures(
    filled: Sequence[Filled], took_ms: Mapping[int, list[list[float]]], rewriting: Sequence[float]
) -> dict[str, object]:
    """The same for programs."""
    return {
        "rounds_ms": {w: [_summary([one]) for one in rounds] for w, rounds in took_ms.items()},
        "all_ms": {waiting: _summary(rounds) for waiting, rounds in took_ms.items()},
        "rewriting_ms": _summary([list(rewriting)]) if rewriting else None,
        "filled": [
            {"waiting": one.waiting, "fill_s": one.fill_s, "used_bytes": one.used_bytes}
            for one in filled
        ],
    }
