"""The nurse lets a sick process claim again when every probe passes, and never gives up."""

import threading
from collections.abc import Callable

from common.errors import InternalError, StorageUnavailable
from worker.claiming.gate import FAILURES_IN_A_ROW, Gate, GateState
from worker.claiming.health import HealthMonitor

WAIT_S = 20.0


class Part:
    """Something that fails as long as it is told to, and counts how often it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked = threading.Semaphore(0)

    def probe(self) -> None:
        """Fail or not."""
        self.asked.release()
        if self.error is not None:
            raise self.error


def nursed(*probes: Callable[[], None]) -> Gate:
    gate = Gate()
    for _ in range(FAILURES_IN_A_ROW):
        gate.note_failure(InternalError())
    HealthMonitor(gate, list(probes), every_s=0.01).start()
    return gate


def test_it_waits_for_every_part() -> None:
    storage, model = Part(StorageUnavailable()), Part(InternalError())
    gate = nursed(storage.probe, model.probe)
    assert storage.asked.acquire(timeout=WAIT_S)
    storage.error = None
    assert model.asked.acquire(timeout=WAIT_S)
    assert gate.state is GateState.SICK
    model.error = None
    assert gate.wait_until_open()


def test_an_error_that_is_not_ours_does_not_end_it() -> None:
    part = Part(RuntimeError("who knows"))
    gate = nursed(part.probe)
    for _ in range(3):
        assert part.asked.acquire(timeout=WAIT_S)
    assert gate.state is GateState.SICK
    part.error = None
    assert gate.wait_until_open()


def test_a_healthy_process_is_left_alone() -> None:
    part = Part()
    gate = Gate()
    HealthMonitor(gate, [part.probe], every_s=0.01).start()
    assert not part.asked.acquire(timeout=0.2)
    assert gate.state is GateState.OPEN
