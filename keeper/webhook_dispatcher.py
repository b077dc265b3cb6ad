"""Dispatch: claims webhooks that are due and lets couriers go, so many at once and no more.

Each goes on a thread of its own, so that a receiver that takes its time holds up nobody else; the
job store sees to it that one caller cannot have them all.
"""

import logging
import threading
import time

from common.errors import CelshadeError
from common.jobstore.outbox import DueWebhook, Outbox
from keeper.webhook_sender import WebhookSender

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
MOST_CLAIMED = 16  # in one call: what is claimed and not yet sent waits while its lease runs


class WebhookDispatcher:
    """Sends what is due until told to stop.

    Args:
        outbox: The job store's verbs.
        courier: Sends one.
        threads: Most that are on their way at once.
    """

    def __init__(self, outbox: Outbox, sender: WebhookSender, *, threads: int) -> None:
        self._outbox = outbox
        self._sender = sender
        self._threads = threads
        self._free = threading.Semaphore(threads)
        self._came_back = threading.Event()

    def run(self, stopping: threading.Event) -> None:
        """Send what is due, as it falls due, until told to stop."""
        while not stopping.is_set():
            try:
                if self.send_due():
                    continue
            except CelshadeError as error:
                _log.warning("could not look for webhooks: %s", error)
                stopping.wait(LOOK_EVERY_S)
            # A caller with its share on the way may send more as soon as one of them is back.
            self._came_back.wait(LOOK_EVERY_S)
            self._came_back.clear()

    def send_due(self) -> int:
        """Let couriers go with what is due now, as far as any are free; answers how many.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        free = self._take_free()
        left = free
        try:
            claimed = self._outbox.claim(most=free) if free else ()
            for due in claimed:
                # A daemon: whoever stops the keeper need not wait for strangers.
                threading.Thread(target=self._send, args=(due,), daemon=True).start()
                left -= 1
            return len(claimed)
        finally:
            for _ in range(left):
                self._free.release()

    def wait_for_couriers(self, timeout_s: float) -> bool:
        """Wait until all have come back; whether they did in time."""
        until_s = time.monotonic() + timeout_s
        back = 0
        while back < self._threads:
            if not self._free.acquire(timeout=max(0.0, until_s - time.monotonic())):
                break
            back += 1
        for _ in range(back):
            self._free.release()
        return back == self._threads

    def _take_free(self) -> int:
        taken = 0
        while taken < MOST_CLAIMED and self._free.acquire(blocking=False):
            taken += 1
        return taken

    def _send(self, due: DueWebhook) -> None:
        try:
            self._sender.deliver(due)
        except Exception:  # its lease ends, and it is sent again
            _log.exception("webhook was not recorded", extra={"webhook": due.id})
        finally:
            self._free.release()
            self._came_back.set()
