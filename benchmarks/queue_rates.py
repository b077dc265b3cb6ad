"""How fast jobs go through the job store alone, and through Celery, beside bare round trips."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context

import redis

from benchmarks.queue_carrier import CARRIER_WORDS, carrier_rates
from benchmarks.queue_consumer import EXECUTION, STAGES_MS
from benchmarks.queue_ground import (
    LINE,
    SECONDS_PER_MP,
    TIMEOUT_S,
    Ground,
    argument_of,
    picture_of,
    running_ground,
    settings_of,
    submissions,
)
from benchmarks.report import Table
from benchmarks.service import NeverHappened, say
from common.jobstore import JobStore
from common.jobstore.leases import Claim, NoClaim

FSYNCS = ("always", "everysec")
CLIENTS = (1, 4)
VERBS = {"submission": 2, "claim": 1, "completion": 1}  # and their round trips
HELD = 8  # claimed before they are completed, as many as a worker holds
START_S = 0.3
# What a script costs at least: it is called, it writes once what it is given, it answers.
BARE = "#!lua\nredis.call('HSET', 'bare', 'argument', ARGV[1])\nreturn 'ok'"

Rates = dict[str, float]


@dataclass
class Found:
    """Rates per second by (fsync, way, clients) and verb, a list of one for each round."""

    store: dict[tuple[str, str, int], dict[str, list[float]]] = field(default_factory=dict)
    carrier: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, fsync: str, way: str, clients: int, rates: Rates) -> None:
        """Note the rates of one round."""
        into = self.store.setdefault((fsync, way, clients), {verb: [] for verb in VERBS})
        for verb, rate in rates.items():
            into[verb].append(rate)


def measure(*, rounds: int, jobs: int) -> Found:
    """Measure everything in turn, round after round, on one server."""
    found = Found()
    with running_ground() as ground, ExitStack() as pools:
        context = get_context("spawn")
        pool = pools.enter_context(ProcessPoolExecutor(max(CLIENTS), mp_context=context))
        for number in range(rounds):
            for fsync in FSYNCS:
                say(f"rates, round {number + 1} of {rounds}, appendfsync {fsync}")
                ground.set_fsync(fsync)
                for clients in CLIENTS:
                    for way, work in (("bare", _bare), ("store", _through_store)):
                        rates = _side_by_side(pool, work, ground, clients, jobs // clients)
                        found.add(fsync, way, clients, rates)
                for words, rate in carrier_rates(ground, jobs):
                    by_fsync = found.carrier.setdefault(words, {one: [] for one in FSYNCS})
                    by_fsync[fsync].append(rate)
                _empty(ground)
    return found


def _empty(ground: Ground) -> None:
    ground.connection.flushdb()
    ground.beat()


def _side_by_side(
    pool: Executor,
    work: Callable[[str, float, int], Rates],
    ground: Ground,
    clients: int,
    each: int,
) -> Rates:
    """Let so many processes do the same at once; their rates together."""
    begin_s = time.monotonic() + START_S
    sent = [pool.submit(work, ground.url, begin_s, each) for _ in range(clients)]
    done = [one.result() for one in sent]
    return {verb: sum(rates[verb] for rates in done) for verb in VERBS}


def _bare(url: str, begin_s: float, count: int) -> Rates:
    """Make as many round trips as the verbs, with the same argument."""
    arguments = [argument_of(one) for one in islice(submissions(), count)]
    with redis.Redis.from_url(url, socket_timeout=TIMEOUT_S) as connection:
        sha = str(connection.script_load(BARE))
        time.sleep(max(0.0, begin_s - time.monotonic()))
        rates = {}
        for verb, trips in VERBS.items():
            begun_s = time.perf_counter()
            for argument in arguments:
                for _ in range(trips):
                    connection.evalsha(sha, 0, argument)
            rates[verb] = count / (time.perf_counter() - begun_s)
    return rates


def _through_store(url: str, begin_s: float, count: int) -> Rates:
    """Submit, claim and complete by the verbs of API and worker."""
    store = JobStore.from_settings(settings_of(url), timeout_s=TIMEOUT_S)
    wanted = list(islice(submissions(), count))
    store.redis.check_server()
    time.sleep(max(0.0, begin_s - time.monotonic()))
    begun_s = time.perf_counter()
    for one in wanted:
        store.submissions.admit(one)
        store.submissions.enqueue(one)
    submitted_s = time.perf_counter() - begun_s
    claimed_s, completed_s = _work(store, count)
    store.redis.close()
    return {
        "submission": count / submitted_s,
        "claim": count / claimed_s,
        "completion": count / completed_s,
    }


def _work(store: JobStore, count: int) -> tuple[float, float]:
    """Claim and complete a few at a time; seconds spent on each."""
    leases = store.leases(f"client-{time.monotonic_ns()}")
    claimed_s = completed_s = 0.0
    while count > 0:
        few = min(HELD, count)
        begun_s = time.perf_counter()
        claims = [leases.claim(LINE, seconds_per_mp=SECONDS_PER_MP) for _ in range(few)]
        between_s = time.perf_counter()
        for claim in _all_claimed(claims):
            leases.complete(claim, picture_of(claim), execution=EXECUTION, stages_ms=STAGES_MS)
        claimed_s += between_s - begun_s
        completed_s += time.perf_counter() - between_s
        count -= few
    return claimed_s, completed_s


def _all_claimed(claims: Sequence[Claim | NoClaim]) -> Iterator[Claim]:
    for claim in claims:
        if isinstance(claim, NoClaim):
            raise NeverHappened(f"a line with work gives some; it is {claim}")
        yield claim


def tables(found: Found) -> list[Table]:
    """Set each rate beside its floor."""
    return [_store_table(found), _carrier_table(found)]


def _store_table(found: Found) -> Table:
    rows = []
    for verb, trips in VERBS.items():
        for clients in CLIENTS:
            cells = [f"{verb}, {clients} client(s), {trips} round trip(s)"]
            for fsync in FSYNCS:
                bare, store = (
                    max(found.store[fsync, way, clients][verb]) for way in ("bare", "store")
                )
                cells += [f"{bare:,.0f}", f"{store:,.0f}", f"{store / bare:.0%}"]
            rows.append(cells)
    heads = [f"{head}, {fsync}" for fsync in FSYNCS for head in ("bare", "store", "of bare")]
    return Table(
        "Through the job store alone",
        ["per second", *heads],
        rows,
        f"The best of {_rounds(found)} rounds: others can only slow it. Bare is a script that "
        "writes its argument into one hash, as often and with the same argument; a client is a "
        "process with one connection, on the cores that the server uses too.",
    )


def _carrier_table(found: Found) -> Table:
    rows = []
    for words, rates in found.carrier.items():
        rows.append([words, *(f"{max(rates[fsync]):,.0f}" for fsync in FSYNCS)])
    return Table(
        "Through Celery",
        ["per second", *FSYNCS],
        rows,
        f"The best of {_rounds(found)} rounds, one publisher, one worker process with the "
        f"service's own configuration. {CARRIER_WORDS}",
    )


def _rounds(found: Found) -> int:
    return len(next(iter(found.carrier.values()))[FSYNCS[0]])


def figures(found: Found) -> Mapping[str, object]:
    """The same for programs."""
    store = {
        f"{way}, {clients} client(s), {fsync}": rates
        for (fsync, way, clients), rates in found.store.items()
    }
    return {"store_per_s": store, "celery_per_s": found.carrier}
