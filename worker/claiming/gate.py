"""The gate: whether this process may claim now, and the place where task threads wait until it may.

A task that may not claim keeps its hint unacknowledged: hints are never swallowed.
"""

import threading
from enum import Enum

from common.errors import RenderError

FAILURES_IN_A_ROW = 3


class GateState(Enum):
    """Why a process claims or does not."""

    OPEN = "open"
    SICK = "sick"
    DRAINING = "draining"


class Gate:
    """Opens and closes claiming for all task threads of a process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._state = GateState.OPEN
        self._failures = 0

    def __repr__(self) -> str:
        return f"<Gate {self._state.value}, {self._failures} failures in a row>"

    @property
    def state(self) -> GateState:
        """What the gate is now."""
        return self._state

    def wait_until_open(self) -> bool:
        """Wait while the process is sick; answers False when it is draining."""
        with self._changed:
            self._changed.wait_for(lambda: self._state is not GateState.SICK)
            return self._state is GateState.OPEN

    def pause(self, timeout_s: float) -> None:
        """Wait for a change of anything that may let a thread claim, at most so long."""
        with self._changed:
            self._changed.wait(timeout_s)

    def stir(self) -> None:
        """Wake all who pause: a held render has ended."""
        with self._changed:
            self._changed.notify_all()

    def note_success(self) -> None:
        """A render ended well: the count of failures begins anew."""
        with self._changed:
            self._failures = 0

    def note_failure(self, error: RenderError) -> None:
        """A render failed; three in a row that are not the pictures' fault close the gate."""
        if error.picture_at_fault:
            return
        with self._changed:
            self._failures += 1
            if self._failures >= FAILURES_IN_A_ROW and self._state is GateState.OPEN:
                self._state = GateState.SICK
                self._changed.notify_all()

    def recover(self) -> None:
        """The probes of a sick process pass again."""
        with self._changed:
            if self._state is GateState.SICK:
                self._state = GateState.OPEN
                self._failures = 0
                self._changed.notify_all()

    def drain(self) -> None:
        """Claim nothing ever again."""
        with self._changed:
            self._state = GateState.DRAINING
            self._changed.notify_all()
