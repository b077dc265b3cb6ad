"""The engine: one thread that owns the device and runs its forwards.

It gathers photos of one style and shape into a batch and hands every photo's cartoon back.

It never waits for a batch to fill: what has gathered while the last forward ran goes next.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import torch

from common.errors import InternalError, OutOfMemory
from worker.models import Model

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A photo's way through the engine.

    Attributes:
        cartoon: uint8 [3, H, W] on the CPU, sRGB, at full strength.
        wait_ms: From being handed in until its forward began.
        forward_ms: Duration of that forward, the whole batch.
        batch_size: How many photos shared it.
    """

    cartoon: torch.Tensor
    wait_ms: float
    forward_ms: float
    batch_size: int


@dataclass(slots=True, eq=False)
class _Ticket:
    line: str
    key: str
    photo: torch.Tensor
    handed_in_s: float = field(default_factory=time.perf_counter)
    done: Future[Rendered] = field(default_factory=Future)

    @property
    def kind(self) -> tuple[str, Any]:
        """What may share a forward."""
        return self.line, self.photo.shape


@dataclass(frozen=True, slots=True)
class Running:
    """The forward that runs now: the renders in it and since when (monotonic seconds)."""

    keys: frozenset[str]
    since_s: float


class Engine:
    """Runs forwards on one device, in one thread.

    Args:
        models: Loaded models by line.
        device: Where they live.
    """

    def __init__(self, models: Mapping[str, Model], device: torch.device) -> None:
        self._models = models
        self._device = device
        self._arrived = threading.Condition()
        self._tickets: deque[_Ticket] = deque()
        self._running: Running | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def __len__(self) -> int:
        """How many photos wait for their forward."""
        return len(self._tickets)

    def start(self) -> None:
        """Start the engine's thread."""
        self._thread.start()

    @property
    def running(self) -> Running | None:
        """The forward that runs now, for the watchdog."""
        return self._running

    def render(self, line: str, key: str, photo: torch.Tensor) -> Rendered:
        """Render a photo at full strength and wait for it.

        Args:
            line: Which model.
            key: The render's key, for the watchdog.
            photo: uint8 [3, H, W] on the CPU, sRGB; H and W are multiples the style asks for.

        Raises:
            OutOfMemory: It does not fit the device even alone.
            InternalError: The model failed.
        """
        ticket = _Ticket(line, key, photo)
        with self._arrived:
            self._tickets.append(ticket)
            self._arrived.notify()
        return ticket.done.result()

    def _run(self) -> None:
        while True:
            batch = self._gather()
            self._running = Running(frozenset(t.key for t in batch), time.monotonic())
            try:
                self._forward(batch)
            finally:
                self._running = None

    def _gather(self) -> list[_Ticket]:
        """Take the oldest ticket and those behind it that may share its forward."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._tickets)
            first = self._tickets.popleft()
            most = self._models[first.line].max_batch
            mates = [t for t in self._tickets if t.kind == first.kind][: most - 1]
            for mate in mates:
                self._tickets.remove(mate)
        return [first, *mates]

    def _forward(self, batch: list[_Ticket]) -> None:
        began_s = time.perf_counter()
        try:
            cartoons = self._models[batch[0].line].forward(
                torch.stack([ticket.photo for ticket in batch])
            )
        except Exception as error:  # whatever a model raises ends here, for its photo alone
            self._after_failure(batch, error)
            return
        forward_ms = (time.perf_counter() - began_s) * 1000
        for ticket, cartoon in zip(batch, cartoons, strict=True):
            wait_ms = (began_s - ticket.handed_in_s) * 1000
            ticket.done.set_result(Rendered(cartoon, wait_ms, forward_ms, len(batch)))

    def _after_failure(self, batch: list[_Ticket], error: Exception) -> None:
        """Run each photo of a failed batch alone; one that fails alone is the one at fault."""
        is_memory = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if is_memory and self._device.type == "cuda":
            torch.cuda.empty_cache()
        if len(batch) > 1:
            _log.warning("forward of %d failed, trying each alone: %s", len(batch), error)
            for ticket in batch:
                self._forward([ticket])
            return
        _log.exception("forward failed", extra={"render": batch[0].key})
        failure = OutOfMemory() if is_memory else InternalError()
        failure.__cause__ = error
        batch[0].done.set_exception(failure)
