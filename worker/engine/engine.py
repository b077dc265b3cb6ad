"""The engine: the threads that own the device and run its forwards.

It batches photos of one style and shape and returns a cartoon for each. It never waits for a batch
to fill: photos that arrived during the last forward go next. A GPU has two lanes: one batch is
computed while another's pixels are copied. A CPU has several lanes, for styles that allow it:
forwards that share the cores use them better than one forward on all cores. A photo that is alone
still gets all cores.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import torch

from common.errors import RenderError
from worker.engine.device_errors import DeviceLost
from worker.engine.fallback import Outcome, run_with_fallback
from worker.engine.load_meter import Load, LoadMeter
from worker.engine.model import Model
from worker.engine.sample_photos import sample_photos

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A photo's way through the engine.

    Attributes:
        cartoon: uint8 [3, H, W] on the CPU, sRGB, at full strength.
        wait_ms: From being handed in until its forward began.
        forward_ms: Duration of that forward, the whole batch, with all that failed before it.
        batch_size: How many photos shared the forward that gave it.
        tiled: Whether it was made in tiles.
    """

    cartoon: torch.Tensor
    wait_ms: float
    forward_ms: float
    batch_size: int
    tiled: bool


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
        lanes: How many forwards may run at once; those of one style only if its card allows it.
        threads: CPU threads that the lanes share.
        on_loss: Called with the renders in whose forward the device was lost. That lane does
            nothing more, and its photos wait for ever: the process has to end.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        *,
        lanes: int = 1,
        threads: int = 1,
        on_loss: Callable[[frozenset[str]], None],
    ) -> None:
        self._models = models
        self._threads = threads
        self._on_loss = on_loss
        self._changed = threading.Condition()
        self._tickets: deque[_Ticket] = deque()
        self._warms = False
        self._meter = LoadMeter(time.monotonic())
        # By lane: what runs there now.
        self._batches: dict[int, tuple[str, Running]] = {}
        self._warming = threading.Lock()
        self._ready: list[Future[None]] = [Future() for _ in range(lanes)]
        self._lanes = [
            threading.Thread(target=self._run, args=(lane,), name=f"engine-{lane}", daemon=True)
            for lane in range(lanes)
        ]

    def __len__(self) -> int:
        """How many photos wait for their forward."""
        return len(self._tickets)

    def start(self, *, warm: bool = False) -> None:
        """Start the engine's threads; returns when each of them is ready.

        Args:
            warm: Whether each lane first runs every model itself, in the shapes that the model
                names: it has threads of its own.

        Raises:
            RenderError: A model failed.
        """
        self._warms = warm
        for lane in self._lanes:
            lane.start()
        for ready in self._ready:
            ready.result()

    @property
    def running(self) -> list[Running]:
        """The forwards that run now, for the watchdog."""
        with self._changed:
            return [running for _, running in self._batches.values()]

    def load(self) -> Load:
        """How busy the device was lately; for one reader, at every heartbeat."""
        return self._meter.read(time.monotonic())

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
        try:
            if self._warms:
                self._warm_up()
        except RenderError as error:
            self._ready[lane].set_exception(error)
            return
        self._ready[lane].set_result(None)
        while True:
            batch, sharers = self._begin(lane)
            self._take_threads(sharers)
            try:
                self._forward(batch, sharers)
            except DeviceLost:
                _log.exception("the device is lost", extra={"renders": len(batch)})
                self._on_loss(frozenset(ticket.key for ticket in batch))
                return
            self._end(lane, len(batch))

    def _warm_up(self) -> None:
        """Run every model in this lane, with all threads, one lane after the other."""
        with self._warming:
            self._take_threads(1)
            models = list(self._models.values())
            # A lane's first forward finds its kernels, and the second still touches new memory:
            # with one model it took 1.4 times as long as those after it.
            for model in (*models, *models[-1:]):
                for height, width in model.warm_shapes():
                    (photo,) = sample_photos(1, height, width)
                    for count in sorted({1, model.batch_of(photo)}):
                        for outcome in run_with_fallback(model, [photo] * count):
                            if isinstance(outcome.cartoon, RenderError):
                                raise outcome.cartoon

    def _take_threads(self, sharers: int) -> None:
        """Set the threads of this lane alone: OpenMP keeps the number for each calling thread."""
        torch.set_num_threads(max(1, self._threads // sharers))

    def _begin(self, lane: int) -> tuple[list[_Ticket], int]:
        """Take the oldest photo that may start, and those behind it that may share its forward.

        Returns:
            The batch, and how many lanes share the cores while it runs.
        """
        with self._changed:
            self._changed.wait_for(self._next)
            first = self._next()
            assert first is not None  # noqa: S101 - waited for under the same lock
            most = self._models[first.line].batch_of(first.photo)
            batch = [t for t in self._tickets if t.kind == first.kind][:most]
            for ticket in batch:
                self._tickets.remove(ticket)
            running = Running(frozenset(t.key for t in batch), time.monotonic())
            self._batches[lane] = (first.line, running)
            self._meter.begin(running.since_s)
            wanted = len(self._batches) + (1 if self._next() else 0)
            return batch, min(wanted, len(self._lanes))

    def _end(self, lane: int, photos: int) -> None:
        with self._changed:
            del self._batches[lane]
            self._meter.end(time.monotonic(), photos)
            self._changed.notify_all()

    def _next(self) -> _Ticket | None:
        """The oldest photo whose style may begin another forward now."""
        busy = {line for line, _ in self._batches.values()}
        for ticket in self._tickets:
            if ticket.line not in busy or self._models[ticket.line].side_by_side:
                return ticket
        return None

    def _forward(self, batch: list[_Ticket], sharers: int) -> None:
        model, began_s = self._models[batch[0].line], time.perf_counter()
        outcomes = run_with_fallback(model, [ticket.photo for ticket in batch])
        forward_s = time.perf_counter() - began_s
        if all(isinstance(outcome.cartoon, torch.Tensor) for outcome in outcomes):
            model.note_pace(sum(t.photo[0].numel() for t in batch), forward_s / sharers)
        for ticket, outcome in zip(batch, outcomes, strict=True):
            self._hand_back(ticket, outcome, began_s, forward_s)

    @staticmethod
    def _hand_back(ticket: _Ticket, outcome: Outcome, began_s: float, forward_s: float) -> None:
        if isinstance(outcome.cartoon, RenderError):
            ticket.done.set_exception(outcome.cartoon)
            return
        rendered = Rendered(
            cartoon=outcome.cartoon,
            wait_ms=(began_s - ticket.handed_in_s) * 1000,
            forward_ms=forward_s * 1000,
            batch_size=outcome.batch_size,
            tiled=outcome.tiled,
        )
        ticket.done.set_result(rendered)
