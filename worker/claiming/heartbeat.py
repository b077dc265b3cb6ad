"""The heart: one thread that keeps this process's leases and its place among the living.

It also is the watchdog of the engine, because it is the one thread that never waits for a picture:
when a forward is stuck it gives everything back and ends the process.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping

from common.errors import (
    CelshadeError,
    ExecutionTimeout,
    RenderError,
    StoreUnavailable,
    WorkerLost,
)
from common.jobstore.leases import Leases, WorkerState
from worker.claiming.gate import Gate, GateState
from worker.claiming.holdings import Held, Holdings
from worker.engine.engine import Engine, Running
from worker.engine.load_meter import Load
from worker.engine.model import Model

_log = logging.getLogger(__name__)

# The watchdog acts before the lease's own limit, so that it still owns what it gives back: by a
# share of the limit, or by some beats where that is longer.
MARGIN_SHARE = 0.1
MARGIN_BEATS = 2
EXIT_STUCK = 70  # EX_SOFTWARE of sysexits.h
EXIT_DEVICE_LOST = 71  # EX_OSERR
_STATES = {
    GateState.OPEN: WorkerState.READY,
    GateState.SICK: WorkerState.SICK,
    GateState.DRAINING: WorkerState.DRAINING,
}


class Heartbeat:
    """Beats, renews and watches, every `every_s`.

    Args:
        leases: The job store's verbs for this process.
        name: The worker's name, for people.
        device_name: Its device, for people.
        models: What it serves.
        holdings: What it holds.
        gate: Says in which state it is.
        every_s: Pause between beats, seconds.
        least_limit_s: Execution limit of a forward whose leases this process holds no more, or
            never held: a probe's. Seconds.
        end_process: Ends this process at once; a seam for tests.
    """

    def __init__(
        self,
        *,
        leases: Leases,
        name: str,
        device_name: str,
        models: Mapping[str, Model],
        holdings: Holdings,
        gate: Gate,
        every_s: float,
        least_limit_s: float,
        end_process: Callable[[int], None] = os._exit,
    ) -> None:
        self._leases = leases
        self._name = name
        self._device_name = device_name
        self._models = models
        self._holdings = holdings
        self._gate = gate
        self._every_s = every_s
        self._least_limit_s = least_limit_s
        self._end_process = end_process
        self._engine: Engine | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        """Begin to beat, as `starting`."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more; returns when the last beat is over."""
        self._stopping.set()
        self._thread.join()

    def watch(self, engine: Engine) -> None:
        """All models are ready: beat as such from now on, and watch the engine."""
        self._engine = engine
        self._beat()

    def beat_once(self) -> None:
        """Renew all leases and say that this process is there.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        self._renew()
        self._beat()

    def _run(self) -> None:
        while not self._stopping.is_set():
            began_s = time.monotonic()
            try:
                self.beat_once()
            except CelshadeError as error:
                _log.warning("heart missed a beat: %s", error)
            except Exception:  # a heart that stops would lose every lease, so it never does
                _log.exception("heart missed a beat")
            for running in self._engine.running if self._engine is not None else ():
                self.end_if_stuck(running)
            self._stopping.wait(max(0.0, self._every_s - (time.monotonic() - began_s)))

    def _beat(self) -> None:
        state = _STATES[self._gate.state] if self._engine is not None else WorkerState.STARTING
        offers = [model.offer() for model in self._models.values()]
        load = self._engine.load() if self._engine is not None else Load(0.0, 0.0)
        self._leases.heartbeat(
            name=self._name,
            device=self._device_name,
            state=state,
            offers=offers,
            busy_share=load.busy_share,
            batch_size=load.batch_size,
        )

    def _renew(self) -> None:
        held = self._holdings.all()
        renewal = self._leases.renew([(one.claim, one.stage) for one in held])
        self._holdings.note(held, renewal)

    def end_if_stuck(self, running: Running) -> None:
        """End this process when a forward has run past its renders' limit; give the rest back."""
        if time.monotonic() < self._latest_end_s(running):
            return
        _log.error("a forward is stuck: ending this process", extra={"renders": len(running.keys)})
        self._give_back(self._holdings.all(), running.keys, ExecutionTimeout)
        self._end_process(EXIT_STUCK)

    def end_without_device(self, keys: frozenset[str]) -> None:
        """End this process, whose device is lost; give back what it holds.

        Args:
            keys: The renders in the forward that lost it: they lose their attempt, as if this
                process had been killed.
        """
        self._give_back(self._holdings.all(), keys, WorkerLost)
        self._end_process(EXIT_DEVICE_LOST)

    def _latest_end_s(self, running: Running) -> float:
        """Until when a forward may run, monotonic seconds; its leases count from their claims."""
        ends_s = [
            min(one.since_s, running.since_s) + self._patience_s(one.claim.limit_s)
            for one in self._holdings.among(running.keys)
        ]
        return min(ends_s, default=running.since_s + self._patience_s(self._least_limit_s))

    def _patience_s(self, limit_s: float) -> float:
        margin_s = max(limit_s * MARGIN_SHARE, self._every_s * MARGIN_BEATS)
        return limit_s - min(margin_s, limit_s / 2)

    def _give_back(
        self, held: list[Held], failed: frozenset[str], cause: type[RenderError]
    ) -> None:
        """Release the others uncounted; those in the failed forward lose their attempt."""
        for one in held:
            lost_as = cause if one.claim.key in failed else None
            try:
                self._leases.release(one.claim, lost_as=lost_as)
            except StoreUnavailable:
                _log.warning("not given back: its lease will run out")
