"""The keeper's maintenance: hints, memory, expiry, sweeping, moving renders.

Every task is bounded and runs every second. One that fails is tried again in the next round and
does not hold up the others.
"""

import logging
import threading
from collections.abc import Callable

from common.errors import CelshadeError, ObjectsKept
from common.jobstore.maintenance import Maintenance
from common.jobstore.overview import Line, Overview, Overviews
from common.objects.base import ObjectStore
from common.queue.hints import HintPublisher, HintQueues

_log = logging.getLogger(__name__)

MAINTAIN_EVERY_S = 1.0
MOST_HINTS = 1_000


class Maintainer:
    """Everything the keeper does besides reaping.

    Args:
        maintenance: The job store's verbs for the keeper.
        overviews: The views of the whole service.
        objects: Where pictures lie.
        hints: Publishes hints.
        queues: Counts hints.
        move_after_s: A version without workers this long is moved on, seconds.
    """

    def __init__(
        self,
        *,
        maintenance: Maintenance,
        overviews: Overviews,
        objects: ObjectStore,
        hints: HintPublisher,
        queues: HintQueues,
        move_after_s: float,
    ) -> None:
        self._maintenance = maintenance
        self._overviews = overviews
        self._objects = objects
        self._hints = hints
        self._queues = queues
        self._move_after_ms = move_after_s * 1000
        self._short_before: set[str] = set()

    def run(self, stopping: threading.Event) -> None:
        """Do all tasks every second until told to stop."""
        tasks: list[Callable[[], None]] = [
            self.note_memory,
            self.note_minute,
            self.top_up_hints,
            self.expire,
            self.lapse_batches,
            self.sweep,
            self.move_stranded,
        ]
        while not stopping.is_set():
            for task in tasks:
                try:
                    task()
                except CelshadeError as error:
                    _log.warning("maintenance %s failed: %s", task.__name__, error)
                if stopping.is_set():
                    return
            stopping.wait(MAINTAIN_EVERY_S)

    def note_memory(self) -> None:
        """Record how full Redis is, for admission to look at."""
        self._maintenance.note_memory()

    def note_minute(self) -> None:
        """Note the counters once a minute, for the view of the last hour."""
        self._maintenance.note_minute()

    def top_up_hints(self) -> None:
        """Publish what is missing where a line had fewer hints than renders twice in a row."""
        short: dict[str, int] = {}
        for line in self._overviews.overview().lines:
            if line.waiting:
                missing = line.waiting - self._queues.length(line.name)
                if missing > 0:
                    short[line.name] = missing
        for name in self._short_before & short.keys():
            missing = min(short.pop(name), MOST_HINTS)
            _log.info("topping up hints", extra={"line": name, "hints": missing})
            for _ in range(missing):
                if not self._hints.publish(name, ""):
                    break
        self._short_before = set(short)

    def expire(self) -> None:
        """Expire what has lived long enough, and delete the queues of forgotten versions."""
        self._maintenance.expire_images()
        for line in self._maintenance.expire().lines:
            self._queues.delete(line)
            self._maintenance.end_expiry([line])
            _log.info("version forgotten", extra={"line": line})

    def lapse_batches(self) -> None:
        """Cancel batches whose API process died while receiving them."""
        lapsed = self._maintenance.lapse_batches()
        if lapsed:
            _log.warning("batches were never received whole", extra={"batches": lapsed})

    def sweep(self) -> None:
        """Delete the objects that nothing refers to and whose time has come."""
        names = self._maintenance.begin_sweep()
        if not names:
            return
        kept: frozenset[str] = frozenset()
        try:
            self._objects.delete(names)
        except ObjectsKept as error:
            # They stay listed, and are tried again after all others.
            kept = error.names
            _log.warning("the storage keeps %d objects: %s", len(kept), error)
        self._maintenance.end_sweep([name for name in names if name not in kept])
        _log.info("swept", extra={"objects": len(names) - len(kept)})

    def move_stranded(self) -> None:
        """Move renders of a version without workers to the newest version that has one."""
        overview = self._overviews.overview()
        for line in overview.lines:
            target = newest_ready(overview, line.style)
            if target is None or not self._is_stranded(line, overview.now_ms):
                continue
            for render in self._maintenance.stranded(line.name):
                how, hints = self._maintenance.move(render, target)
                _log.info("moved", extra={"render": render.key, "to": target.name, "how": how})
                for hint in hints:
                    self._hints.publish(hint.line, hint.key)

    def _is_stranded(self, line: Line, now_ms: int) -> bool:
        is_old = now_ms - line.last_seen_ms > self._move_after_ms
        return line.waiting > 0 and not line.crew and is_old


def newest_ready(overview: Overview, style: str) -> Line | None:
    """The newest version of a style that has a worker ready to claim, if any has."""
    ready = [line for line in overview.lines if line.style == style and line.ready]
    return max(ready, key=lambda line: line.first_seen_ms, default=None)
