"""Faults carried out on a running service, as the schedule says, each undone when its time is over.

A part that is down already when its blow comes is spared: its successor is the same test. So is a
worker when no other one stands ready: recovery is by another worker, and starting one takes long.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis

from common.processes.pid_file import read_pid
from tests.chaos.ground import Ground
from tests.chaos.proxy import Fault, FaultProxy, Trouble
from tests.chaos.schedule import WORKERS, Event, Kind
from tests.chaos.worker_logs import stands_ready
from tests.support import disks

Undo = Callable[[], None]

# What the command line of a process holds: the pid of a dead one may be somebody else's by now.
MARKS = {"api": "-m api", "keeper": "-m keeper", "redis": "-server", "worker": "worker.process"}
SILENT = Fault(Trouble.SILENT)
STORAGE = {
    Kind.STORAGE_FAILING: Fault(Trouble.REFUSING, status=500),
    Kind.STORAGE_SHAKY: Fault(Trouble.REFUSING, status=500, share=0.3),
    Kind.STORAGE_FORBIDDEN: Fault(Trouble.REFUSING, status=403),
    Kind.STORAGE_SLOW: Fault(Trouble.SLOW, bytes_per_s=10_000),
    Kind.STORAGE_SILENT: SILENT,
}
BROKER = {
    Kind.BROKER_CUT: Fault(Trouble.CUT),
    Kind.BROKER_SILENT: SILENT,
    Kind.PUBLISHING_CUT: Fault(Trouble.CUT, only=b"LPUSH"),  # how Celery's Redis transport sends
}
LEAST_READY = 2  # workers, before one of them is hit
CLOCK_STEP = "+600"
# Redis' limit as shares of what it uses: above the guard of 0.85, and used up.
NEAR, OVER = 1.05, 0.95


@dataclass(frozen=True, slots=True)
class Blow:
    """A process that was killed or frozen.

    Attributes:
        at_s: When, seconds since the epoch.
        name: Of the process, e.g. `worker-1`.
    """

    at_s: float
    name: str


class Faults:
    """Does and undoes what the schedule names.

    Attributes:
        kills: The processes killed so far.
        spared: Blows to workers that were left out.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.kills: list[Blow] = []
        self.spared = 0
        self._frozen: set[str] = set()
        self._ways = self._known_ways()

    def begin(self, event: Event) -> Undo:
        """Let a fault begin; returns what ends it."""
        return self._ways[event.kind](event)

    def _known_ways(self) -> dict[Kind, Callable[[Event], Undo]]:
        """Return how each kind is done."""
        storage, broker = self._ground.storage, self._ground.broker
        return {
            Kind.WORKER_KILLED: lambda event: self._befall_worker(event, self.kill),
            Kind.WORKER_FROZEN: lambda event: self._befall_worker(event, self._freeze),
            Kind.API_KILLED: lambda _: self.kill("api"),
            Kind.API_PROCESS_KILLED: lambda _: self._kill_api_process(),
            Kind.API_KILLED_STORING: lambda _: self._kill_api_after(_set(storage, SILENT)),
            Kind.API_KILLED_RECORDING: lambda _: self._kill_api_after(self._freeze("redis")),
            Kind.API_KILLED_PUBLISHING: lambda _: self._kill_api_after(_set(broker, SILENT)),
            Kind.KEEPER_KILLED: lambda _: self.kill("keeper"),
            Kind.REDIS_KILLED: lambda _: self.kill("redis"),
            Kind.REDIS_FROZEN: lambda _: self._freeze("redis"),
            Kind.MEMORY_GUARDED: lambda _: self._limit_memory(NEAR),
            Kind.MEMORY_FULL: lambda _: self._limit_memory(OVER),
            Kind.CLOCK_STEPPED: lambda _: self._step_clock(),
            Kind.STORAGE_FULL: lambda _: _fill(self._ground.storage_disk),
            Kind.REDIS_FULL: lambda _: _fill(self._ground.redis_disk),
            **{kind: lambda event: _set(storage, STORAGE[event.kind]) for kind in STORAGE},
            **{kind: lambda event: _set(broker, BROKER[event.kind]) for kind in BROKER},
        }

    def kill(self, name: str) -> Undo:
        """Kill a process of the service."""
        pid = self._pid(name)
        if pid is not None and _signal(pid, signal.SIGKILL):
            self.kills.append(Blow(time.time(), name))
        return _nothing

    def _befall_worker(self, event: Event, blow: Callable[[str], Undo]) -> Undo:
        """Hit the worker of the event's if it stands ready, else another one that does."""
        ready = self._ready_workers()
        if len(ready) < LEAST_READY:
            self.spared += 1
            return _nothing
        number = event.worker if event.worker in ready else ready[event.worker % len(ready)]
        return blow(f"worker-{number}")

    def _ready_workers(self) -> list[int]:
        """Return the numbers of the workers that run, serve and are not frozen."""
        layout, numbers = self._ground.stack.layout, range(1, WORKERS + 1)
        return [
            number
            for number in numbers
            if f"worker-{number}" not in self._frozen and stands_ready(layout.logs, number)
        ]

    def _pid(self, name: str) -> int | None:
        """Return the pid of a process that runs; None when it does not."""
        pid = read_pid(self._ground.stack.layout.pid(name))
        mark = MARKS[name.partition("-")[0]]
        return pid if pid is not None and mark in _ps("command=", "-p", str(pid)) else None

    def _freeze(self, name: str) -> Undo:
        pid = self._pid(name)
        if pid is None or not _signal(pid, signal.SIGSTOP):
            return _nothing
        self._frozen.add(name)

        def resume() -> None:
            _signal(pid, signal.SIGCONT)
            self._frozen.discard(name)

        return resume

    def _kill_api_process(self) -> Undo:
        """Kill one of the processes that serve requests; their master starts another."""
        master = self._pid("api")
        children = [
            int(child)
            for child, parent in (line.split() for line in _ps("pid=,ppid=", "-A").splitlines())
            if int(parent) == master
        ]
        if children and _signal(children[0], signal.SIGKILL):
            self.kills.append(Blow(time.time(), "api-process"))
        return _nothing

    def _kill_api_after(self, undo: Undo) -> Undo:
        """Kill the API at the end of another trouble, in which its requests hang."""

        def end() -> None:
            self.kill("api")
            undo()

        return end

    def _limit_memory(self, share: float) -> Undo:
        """Set Redis' limit to a share of what it uses now."""
        with suppress(redis.RedisError), self._redis() as connection:
            used = int(connection.info("memory")["used_memory"])
            limit = connection.config_get("maxmemory")["maxmemory"]
            connection.config_set("maxmemory", int(used * share))
            return partial(self._set_memory, limit)
        return _nothing

    def _set_memory(self, limit: str) -> None:
        with suppress(redis.RedisError), self._redis() as connection:  # killed: it has begun anew
            connection.config_set("maxmemory", limit)

    def _redis(self) -> redis.Redis:
        url = self._ground.stack.redis_url
        return redis.Redis.from_url(url, decode_responses=True, socket_timeout=5)

    def _step_clock(self) -> Undo:
        """Set the job store's clock ahead; it stays so."""
        if self._ground.clock is not None:
            self._ground.clock.write_text(CLOCK_STEP)
        return _nothing


class FaultRun(threading.Thread):
    """Carries a schedule out, in a thread of its own.

    Attributes:
        failure: What went wrong in the doing itself.

    Args:
        faults: Does them.
        events: What to do when.
        others: What is done for kinds that are not the faults' own.
    """

    def __init__(
        self, faults: Faults, events: list[Event], others: dict[Kind, Callable[[], None]]
    ) -> None:
        super().__init__(name="faults")
        self._faults = faults
        self._steps: list[tuple[float, Undo | Event]] = [(event.at_s, event) for event in events]
        self._others = others
        self.failure: Exception | None = None
        self._stopping = threading.Event()

    def run(self) -> None:
        """Do it all, or what can be done until told to stop, and leave nothing undone."""
        began_s = time.monotonic()
        try:
            while self._steps:
                self._steps.sort(key=lambda step: step[0])
                if self._stopping.wait(max(0.0, began_s + self._steps[0][0] - time.monotonic())):
                    break
                self._take(self._steps.pop(0)[1], time.monotonic() - began_s)
        except Exception as error:  # the run fails with it, once everything is undone
            self.failure = error
        for _, step in self._steps:
            if not isinstance(step, Event):
                step()

    def stop(self) -> None:
        """Begin nothing more; returns once everything is undone."""
        self._stopping.set()
        self.join()

    def _take(self, step: Undo | Event, now_s: float) -> None:
        if not isinstance(step, Event):
            step()
        elif step.kind in self._others:
            self._others[step.kind]()
        else:
            self._steps.append((now_s + step.lasts_s, self._faults.begin(step)))


def _nothing() -> None:
    """Undo what needs no undoing."""


def _set(proxy: FaultProxy, fault: Fault) -> Undo:
    proxy.set(fault)
    return lambda: proxy.set(Fault())


def _fill(disk: Path | None) -> Undo:
    """Leave no room on a disk; where there is none of its own, the schedule leaves it out."""
    if disk is None:
        return _nothing
    disks.fill(disk)
    return partial(disks.clear, disk)


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _ps(columns: str, *options: str) -> str:
    command = ["/bin/ps", "-ww", "-o", columns, *options]  # whole lines, whatever COLUMNS says
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
