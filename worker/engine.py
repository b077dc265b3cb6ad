"""The engine: the threads that own the device and run its forwards.

It gathers photos of one style and shape into a batch and hands every photo's cartoon back. It never
waits for a batch to fill: what has gathered while the last forward ran goes next. A GPU has one
lane. A CPU has several, for styles that allow it: forwards side by side, sharing the cores, use
them better than one forward on all cores; a photo that is alone still gets all of them.
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
    """Runs forwards on one device.

    Args:
        models: Loaded models by line.
        device: Where they live.
        lanes: How many forwards may run at once; those of one style only if its card allows it.
        threads: CPU threads that the lanes share.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        device: torch.device,
        *,
        lanes: int = 1,
        threads: int = 1,
    ) -> None:
        self._models = models
        self._device = device
        self._threads = threads
        self._changed = threading.Condition()
        self._tickets: deque[_Ticket] = deque()
        # By lane: what runs there now.
        self._batches: dict[int, tuple[str, Running]] = {}
        self._lanes = [
            threading.Thread(target=self._run, args=(lane,), name=f"engine-{lane}", daemon=True)
            for lane in range(lanes)
        ]

    def __len__(self) -> int:
        """How many photos wait for their forward."""
        return len(self._tickets)

    def start(self) -> None:
        """Start the engine's threads."""
        for lane in self._lanes:
            lane.start()

    @property
    def running(self) -> list[Running]:
        """The forwards that run now, for the watchdog."""
        with self._changed:
            return [running for _, running in self._batches.values()]

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
        with self._changed:
            self._tickets.append(ticket)
            self._changed.notify_all()
        return ticket.done.result()

    def _run(self, lane: int) -> None:
        while True:
            batch, sharers = self._begin(lane)
            # For this lane alone: OpenMP keeps the number for each thread that calls it.
            torch.set_num_threads(max(1, self._threads // sharers))
            try:
                self._forward(batch, sharers)
            finally:
                self._end(lane)

    def _begin(self, lane: int) -> tuple[list[_Ticket], int]:
        """Take the oldest photo that may start, and those behind it that may share its forward.

        Returns:
            The batch, and how many lanes share the cores while it runs.
        """
        with self._changed:
            self._changed.wait_for(self._next)
            first = self._next()
            assert first is not None  # noqa: S101 - waited for under the same lock
            most = self._models[first.line].max_batch
            batch = [t for t in self._tickets if t.kind == first.kind][:most]
            for ticket in batch:
                self._tickets.remove(ticket)
            running = Running(frozenset(t.key for t in batch), time.monotonic())
            self._batches[lane] = (first.line, running)
            wanted = len(self._batches) + (1 if self._next() else 0)
            return batch, min(wanted, len(self._lanes))

    def _end(self, lane: int) -> None:
        with self._changed:
            del self._batches[lane]
            self._changed.notify_all()

    def _next(self) -> _Ticket | None:
        """The oldest photo whose style may begin another forward now."""
        busy = {line for line, _ in self._batches.values()}
        for ticket in self._tickets:
            if ticket.line not in busy or self._models[ticket.line].style.card.parallel:
                return ticket
        return None

    def _forward(self, batch: list[_Ticket], sharers: int) -> None:
        model, began_s = self._models[batch[0].line], time.perf_counter()
        try:
            cartoons = model.forward(torch.stack([ticket.photo for ticket in batch]))
        except Exception as error:  # whatever a model raises ends here, for its photo alone
            self._after_failure(batch, error, sharers)
            return
        forward_s = time.perf_counter() - began_s
        model.note_pace(sum(t.photo[0].numel() for t in batch), forward_s / sharers)
        for ticket, cartoon in zip(batch, cartoons, strict=True):
            wait_ms = (began_s - ticket.handed_in_s) * 1000
            ticket.done.set_result(Rendered(cartoon, wait_ms, forward_s * 1000, len(batch)))

    def _after_failure(self, batch: list[_Ticket], error: Exception, sharers: int) -> None:
        """Run each photo of a failed batch alone; one that fails alone is the one at fault."""
        is_memory = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if is_memory and self._device.type == "cuda":
            torch.cuda.empty_cache()
        if len(batch) > 1:
            _log.warning("forward of %d failed, trying each alone: %s", len(batch), error)
            for ticket in batch:
                self._forward([ticket], sharers)
            return
        _log.exception("forward failed", extra={"render": batch[0].key})
        failure = OutOfMemory() if is_memory else InternalError()
        failure.__cause__ = error
        batch[0].done.set_exception(failure)
