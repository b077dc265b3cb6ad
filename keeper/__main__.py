"""`python -m keeper`: reaps, maintains and sends webhooks; no torch, no HTTP server.

Two at once are harmless: every step is an atomic script.
"""

import argparse
import signal
import sys
import threading

from common.errors import ConfigurationError
from common.jobstore import JobStore
from common.log import configure_logging
from common.objects.factory import open_store
from common.processes.pid_file import write_pid
from common.queue.celery_app import make_celery
from common.queue.hints import HintPublisher, HintQueues
from common.settings import Settings, load_settings
from keeper.maintenance import Maintainer
from keeper.reaper import Reaper
from keeper.webhook_dispatcher import WebhookDispatcher
from keeper.webhook_sender import WebhookSender

NAME = "keeper"
STORAGE_TIMEOUT_S = 30.0
STORAGE_ATTEMPTS = 3
STORE_TIMEOUT_S = 2.0
LOOK_EVERY_S = 1.0
# For webhooks that are being sent when it is told to stop; one that is cut off is sent again.
SENDERS_S = 5.0


def main() -> int:
    """Run the keeper until told to stop; returns the exit code."""
    argparse.ArgumentParser(
        prog="python -m keeper",
        description="Reap lost leases, top up hints, expire and sweep pictures, move stranded "
        "renders, send webhooks. Settings are CELSHADE_* variables (docs/configuration.md).",
    ).parse_args()
    try:
        settings = load_settings()
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure_logging(NAME, settings.log_level)
    write_pid(settings.run_dir, NAME)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    keep(settings, stopping)
    return 0


def keep(settings: Settings, stopping: threading.Event) -> None:
    """Run the reaper, the maintainer and the webhooks until told to stop."""
    store = JobStore.from_settings(settings, timeout_s=STORE_TIMEOUT_S)
    app = make_celery(settings, publish_timeout_s=STORE_TIMEOUT_S)
    hints = HintPublisher(app)
    objects = open_store(settings, timeout_s=STORAGE_TIMEOUT_S, attempts=STORAGE_ATTEMPTS)
    maintainer = Maintainer(
        maintenance=store.maintenance,
        overviews=store.overviews,
        objects=objects,
        hints=hints,
        queues=HintQueues(app),
        move_after_s=settings.move_after_s,
    )
    reaper = Reaper(store.maintenance, hints)
    sender = WebhookSender.from_settings(settings, store, objects)
    dispatcher = WebhookDispatcher(store.outbox, sender, threads=settings.webhook_threads)
    # A thread each: however long maintenance takes, leases end on time. Daemons, because nothing is
    # lost when one is cut off in the middle: every step is atomic in Redis.
    parts = (("reaper", reaper), ("maintenance", maintainer), ("webhooks", dispatcher))
    threads = [
        threading.Thread(target=part.run, args=(stopping,), name=name, daemon=True)
        for name, part in parts
    ]
    for thread in threads:
        thread.start()
    while not stopping.wait(LOOK_EVERY_S):
        dead = [thread.name for thread in threads if not thread.is_alive()]
        if dead:
            # Half a keeper is worse than none: its supervisor starts a whole one.
            raise RuntimeError(f"the thread {dead[0]} has died; see the log")
    dispatcher.wait_for_senders(SENDERS_S)


if __name__ == "__main__":
    sys.exit(main())
