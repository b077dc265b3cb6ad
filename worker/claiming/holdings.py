"""What this process holds: its leases, the stage of each, and what the job store said of them."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from common.jobs import Stage
from common.jobstore.leases import Claim, Renewal


@dataclass(slots=True, eq=False)
class Held:
    """A lease of this process.

    Attributes:
        claim: What was claimed.
        since_s: When, monotonic seconds.
        stage: What is being done with it.
        lost: Set once the token no longer owns the attempt; nothing may be stored then.
        unwanted: Set while nobody waits for it, as of the last renewal.
    """

    claim: Claim
    stage: Stage = Stage.FETCHING
    since_s: float = field(default_factory=time.monotonic)
    lost: threading.Event = field(default_factory=threading.Event)
    unwanted: threading.Event = field(default_factory=threading.Event)


class Holdings:
    """All leases of this process. Safe to use from several threads.

    Args:
        on_change: Called after a lease has gone, outside the lock.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._changed = threading.Condition()
        self._held: dict[str, Held] = {}
        self._on_change = on_change

    def __len__(self) -> int:
        return len(self._held)

    def add(self, claim: Claim) -> Held:
        """Begin to hold a claim."""
        held = Held(claim)
        with self._changed:
            self._held[claim.key] = held
        return held

    def remove(self, held: Held) -> None:
        """Stop holding a claim, whatever became of it."""
        with self._changed:
            if self._held.get(held.claim.key) is held:
                del self._held[held.claim.key]
            self._changed.notify_all()
        self._on_change()

    def all(self) -> list[Held]:
        """Every lease that is held and not known to be lost."""
        with self._changed:
            return [held for held in self._held.values() if not held.lost.is_set()]

    def among(self, keys: Collection[str]) -> list[Held]:
        """Every one of these renders that is held, known to be lost or not."""
        with self._changed:
            return [held for key, held in self._held.items() if key in keys]

    def note(self, renewed: list[Held], renewal: Renewal) -> None:
        """Record what a renewal said of the leases it covered."""
        for held in renewed:
            if held.claim.key in renewal.lost:
                held.lost.set()
            if held.claim.key in renewal.unwanted:
                held.unwanted.set()
            else:
                held.unwanted.clear()

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Wait until nothing is held, at most so long; answers whether that came."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._held, timeout_s)
