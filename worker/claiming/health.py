"""Health: a worker that failed three renders in a row for its own reasons proves itself again."""

import logging
import threading
import time
from collections.abc import Callable

from common.errors import CelshadeError
from worker.claiming.gate import Gate, GateState

_log = logging.getLogger(__name__)

PROBE_EVERY_S = 2.0


class HealthMonitor:
    """Probes a sick process until it may claim again.

    Args:
        gate: Closed while the process is sick.
        probes: Each returns when its part works and raises when not.
        every_s: Pause between two looks, seconds.
    """

    def __init__(
        self, gate: Gate, probes: list[Callable[[], None]], *, every_s: float = PROBE_EVERY_S
    ) -> None:
        self._gate = gate
        self._probes = probes
        self._every_s = every_s
        self._thread = threading.Thread(target=self._run, name="nurse", daemon=True)

    def start(self) -> None:
        """Start looking after the process."""
        self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(self._every_s)
            if self._gate.state is GateState.SICK and self._all_pass():
                _log.warning("all probes pass: claiming again")
                self._gate.recover()

    def _all_pass(self) -> bool:
        for probe in self._probes:
            try:
                probe()
            except CelshadeError as error:
                _log.warning("still sick: %s", error.__cause__ or error)
                return False
            except Exception:  # a nurse that stops would leave the process sick for ever
                _log.exception("still sick, in an unforeseen way")
                return False
        return True
