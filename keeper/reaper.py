"""The reaper: ends overdue leases and jobs every second, in a thread of its own."""

import logging
import threading
import time

from common.errors import CelshadeError
from common.jobstore.maintenance import Maintenance
from common.queue.hints import HintPublisher

_log = logging.getLogger(__name__)

REAP_EVERY_S = 1.0


class Reaper:
    """Reaps and publishes the hints that follow, until the process ends.

    Args:
        maintenance: The job store's verbs for the keeper.
        hints: Tells workers of renders that are back in line.
    """

    def __init__(self, maintenance: Maintenance, hints: HintPublisher) -> None:
        self._maintenance = maintenance
        self._hints = hints

    def run(self, stopping: threading.Event) -> None:
        """Reap every second until told to stop."""
        while not stopping.is_set():
            began_s = time.monotonic()
            try:
                while self.reap_once() and not stopping.is_set():
                    pass
            except CelshadeError as error:
                _log.warning("could not reap: %s", error)
            stopping.wait(max(0.0, REAP_EVERY_S - (time.monotonic() - began_s)))

    def reap_once(self) -> bool:
        """End what is overdue now, as much as one call may; returns whether there is more.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        reaping = self._maintenance.reap()
        if reaping.held:
            _log.warning("reaping pauses: live workers renew first", extra={"gap": reaping.gap_ms})
        if reaping.lost or reaping.expired:
            _log.info("reaped", extra={"lost": reaping.lost, "expired": reaping.expired})
        for hint in reaping.hints:
            self._hints.publish(hint.line, hint.key)
        return reaping.more
