"""A Celery worker as the service configures it that renders nothing: a process for benchmarks.

`python -m benchmarks.queue_consumer WAY` follows hints until it is told to stop: `claim` claims and
completes as a worker does, `nothing` is the floor, a task that returns at once.
"""

import argparse
import os
import secrets
from collections.abc import Callable

from celery import signals

from benchmarks.queue_ground import LINE, SECONDS_PER_MP, TIMEOUT_S, picture_of
from common.jobstore import JobStore
from common.jobstore.leases import NoClaim
from common.queue.celery_app import make_celery
from common.queue.hints import TASK_NAME, queue_of
from common.settings import Settings, load_settings

WAYS = ("nothing", "claim")
THREADS = 8  # as a worker on two cores has, with batches of four
EXECUTION = {"device": "cpu", "batch_size": 1}
STAGES_MS = {"fetch_ms": 1.0, "decode_ms": 15.0, "forward_ms": 200.0, "encode_ms": 3.0}


def main() -> None:
    """Consume until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=WAYS)
    way = parser.parse_args().way
    settings = load_settings()
    app = make_celery(settings)
    app.task(name=TASK_NAME)(_claiming(settings) if way == "claim" else _nothing)
    signals.setup_logging.connect(lambda **_: None, weak=False)
    app.conf.update(
        task_queues=[queue_of(LINE)],
        worker_pool="threads",
        worker_concurrency=THREADS,
        worker_redirect_stdouts=False,
    )
    app.Worker(
        hostname=f"benchmark@{os.uname().nodename}",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    ).start()


def _nothing(line: str, key: str) -> None:
    """Return at once."""


def _claiming(settings: Settings) -> Callable[[str, str], None]:
    store = JobStore.from_settings(settings, timeout_s=TIMEOUT_S)
    leases = store.leases(f"benchmark-{secrets.token_hex(4)}")

    def render(line: str, key: str) -> None:
        """Claim what is at the head of the line and say that its picture is stored."""
        claim = leases.claim(line, seconds_per_mp=SECONDS_PER_MP)
        if not isinstance(claim, NoClaim):
            leases.complete(claim, picture_of(claim), execution=EXECUTION, stages_ms=STAGES_MS)

    return render


if __name__ == "__main__":
    main()
