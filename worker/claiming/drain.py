"""Draining: a stopping process finishes what it can and gives the rest back, uncounted."""

import logging
import os
import threading

from common.errors import StoreUnavailable
from common.jobstore.leases import Leases
from common.queue.hints import HintPublisher
from worker.claiming.gate import Gate
from worker.claiming.holdings import Holdings

_log = logging.getLogger(__name__)

# After everything is given back only threads inside a forward remain; nothing waits for those.
LEAVE_AFTER_S = 3.0


class Drain:
    """Stops a process in order, once.

    Args:
        gate: Closed for good first.
        holdings: What is still held.
        leases: To give it back.
        hints: To tell other workers at once.
        lines: What this process served.
        patience_s: How long held renders may still finish, seconds.
    """

    def __init__(
        self,
        *,
        gate: Gate,
        holdings: Holdings,
        leases: Leases,
        hints: HintPublisher,
        lines: list[str],
        patience_s: float,
    ) -> None:
        self._gate = gate
        self._holdings = holdings
        self._leases = leases
        self._hints = hints
        self._lines = lines
        self._patience_s = patience_s
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)
        self._begun = threading.Lock()

    def begin(self) -> None:
        """Begin to stop; a second call does nothing."""
        if self._begun.acquire(blocking=False):
            self._gate.drain()
            self._thread.start()

    def _run(self) -> None:
        if not self._holdings.wait_until_empty(self._patience_s):
            self._give_back()
        try:
            self._leases.leave(self._lines)
        except StoreUnavailable:
            _log.warning("left without a word: the job store is away")
        self._holdings.wait_until_empty(LEAVE_AFTER_S)
        # Celery ends the process as soon as its threads are done; a stuck one must not hold it up.
        threading.Timer(LEAVE_AFTER_S, os._exit, args=(0,)).start()

    def _give_back(self) -> None:
        for held in self._holdings.all():
            held.lost.set()
            try:
                _, hints = self._leases.release(held.claim)
            except StoreUnavailable:
                _log.warning("not given back: its lease will run out")
                continue
            for hint in hints:
                self._hints.publish(hint.line, hint.key)
