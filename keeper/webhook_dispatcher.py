"""The webhook dispatcher: claims webhooks that are due and sends a bounded number at once.

Each is sent in a thread of its own, so that a slow receiver does not hold up the others. The job
store sees to it that one caller cannot take all threads.
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
        sender: Sends one.
        threads: Most that are sent at once.
    """

    def __init__(self, outbox: Outbox, sender: WebhookSender, *, threads: int) -> None:
        self._outbox = outbox
        self._sender = sender
        self._threads = threads
        self._free = threading.Semaphore(threads)
        self._one_done = threading.Event()

    def run(self, stopping: threading.Event) -> None:
        """Send what is due, as it falls due, until told to stop."""
        while not stopping.is_set():
            try:
                if self.send_due():
                    continue
            except CelshadeError as error:
                _log.warning("could not look for webhooks: %s", error)
                stopping.wait(LOOK_EVERY_S)
            # A caller whose share is being sent may send more as soon as one of them is done.
            self._one_done.wait(LOOK_EVERY_S)
            self._one_done.clear()

    def send_due(self) -> int:
        """Start sending what is due now, as far as threads are free; returns how many.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        free = self._take_free()
        left = free
        try:
            claimed = self._outbox.claim(most=free) if free else ()
            for due in claimed:
                # A daemon: stopping the keeper need not wait for receivers.
                threading.Thread(target=self._send, args=(due,), daemon=True).start()
                left -= 1
            return len(claimed)
        finally:
            for _ in range(left):
                self._free.release()

    def wait_for_senders(self, timeout_s: float) -> bool:
        """Wait until nothing is being sent; returns whether that happened in time."""
        until_s = time.monotonic() + timeout_s
        done = 0
        while done < self._threads:
            if not self._free.acquire(timeout=max(0.0, until_s - time.monotonic())):
                break
            done += 1
        for _ in range(done):
            self._free.release()
        return done == self._threads

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
            self._one_done.set()
