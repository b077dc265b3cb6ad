"""Queue: what the promise costs, in round trips, bytes and milliseconds, however many jobs wait.

Runs no service but a job store and a broker on servers of their own, filled through the same
scripts that the API calls.
"""

import argparse

from benchmarks import queue_latency, queue_memory, queue_rates
from benchmarks.report import Report

HELP = """\
Measures the job store and Celery on Redis servers of their own, configured as the embedded one:
submissions, claims and completions a second beside bare round trips, with appendfsync always and
everysec; the same through Celery, with a worker that renders nothing; the memory of a waiting job
with its hint; and how long a submission takes, by how many wait already.

  python -m benchmarks queue
  python -m benchmarks queue --waiting 0 10000 1000000    2 GB, and some minutes to fill the line
  python -m benchmarks queue --waiting 0 1000 --jobs 200 --rounds 1 --requests 50"""
REWRITING_SHARE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    parser.add_argument(
        "--waiting",
        type=int,
        nargs="+",
        default=[0, 10_000, 100_000],
        help="jobs that wait already, the least first (0 10000 100000)",
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each (3)")
    parser.add_argument("--jobs", type=int, default=2_000, help="jobs of a rate, per round (2000)")
    parser.add_argument("--weighed", type=int, default=10_000, help="jobs weighed (10000)")
    parser.add_argument(
        "--requests", type=int, default=1_000, help="submissions timed per round (1000)"
    )


def run(given: argparse.Namespace) -> Report:
    """Measure rates, memory and latency, one after the other."""
    rates = queue_rates.measure(rounds=given.rounds, jobs=given.jobs)
    costs = queue_memory.measure(given.weighed)
    with queue_latency.filled_grounds(sorted(given.waiting)) as filled:
        took_ms = queue_latency.measure(filled, rounds=given.rounds, requests=given.requests)
        rewriting = queue_latency.measure_rewriting(filled[-1], given.requests * REWRITING_SHARE)
    tables = [
        *queue_rates.tables(rates),
        queue_memory.table(costs, given.weighed),
        queue_latency.table(filled, took_ms, rewriting),
    ]
    figures = {
        "rates": queue_rates.figures(rates),
        "memory": queue_memory.figures(costs),
        "latency": queue_latency.figures(filled, took_ms, rewriting),
    }
    return Report("queue", tables, figures)
