"""The schedule: which fault befalls which part when, all from one seed. Pure.

Two tracks run side by side: workers die one after the other, and after a while in which nothing
else is wrong the other parts suffer one trouble at a time. So every trouble of a part meets dying
workers, and each trouble's own effect stays to be told from that of the others.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

WORKERS = 3
WORKER_EVERY_S = 5.0
FREEZE_S = 9.0  # past a lease of 6 s, and the reaper's next look
FREEZE_EACH = 5  # of so many blows to workers one is a freeze
CALM_S = (0.5, 1.5)  # between two troubles of the other parts
IDENTICAL_S = 14.0  # how long the other blows to workers pause for the flood of identical photos
BEGIN_S = 2.0
# How long workers die alone at first, in the short form and in the long one: recovery is measured.
ALONE_S = (11.0, 45.0)


class Kind(StrEnum):
    """What happens."""

    WORKER_KILLED = "worker killed"
    WORKER_FROZEN = "worker frozen"
    API_KILLED = "API killed"
    API_PROCESS_KILLED = "API process killed"
    API_KILLED_STORING = "API killed while it stores a photo"
    API_KILLED_RECORDING = "API killed while it records a job"
    API_KILLED_PUBLISHING = "API killed while it publishes a hint"
    KEEPER_KILLED = "keeper killed"
    REDIS_KILLED = "Redis killed"
    REDIS_FROZEN = "Redis frozen"
    MEMORY_GUARDED = "Redis near its memory limit"
    MEMORY_FULL = "Redis over its memory limit"
    STORAGE_FAILING = "storage answers 500"
    STORAGE_SHAKY = "storage answers 500 to three in ten"
    STORAGE_FORBIDDEN = "storage answers 403"
    STORAGE_SLOW = "storage at 10 KB/s"
    STORAGE_SILENT = "storage says nothing"
    STORAGE_FULL = "storage's disk is full"
    REDIS_FULL = "Redis' disk is full"
    BROKER_CUT = "Celery is cut off from Redis"
    BROKER_SILENT = "Redis says nothing to Celery"
    PUBLISHING_CUT = "publishing hints alone is cut off"
    CLOCK_STEPPED = "Redis' clock steps by ten minutes"
    IDENTICAL = "identical photos at once, their worker killed"


# How long each trouble lasts in the short form and in the long one, seconds.
LASTS_S: dict[Kind, tuple[float, float]] = {
    Kind.API_KILLED: (0, 0),
    Kind.API_PROCESS_KILLED: (0, 0),
    Kind.API_KILLED_STORING: (1.5, 2),
    Kind.API_KILLED_RECORDING: (0.8, 1),
    Kind.API_KILLED_PUBLISHING: (0.8, 1),
    Kind.KEEPER_KILLED: (0, 0),
    Kind.REDIS_KILLED: (0, 0),
    Kind.REDIS_FROZEN: (5, 30),
    Kind.MEMORY_GUARDED: (3, 8),
    Kind.MEMORY_FULL: (2, 5),
    Kind.STORAGE_FAILING: (3, 8),
    Kind.STORAGE_SHAKY: (4, 15),
    Kind.STORAGE_FORBIDDEN: (2, 5),
    Kind.STORAGE_SLOW: (3, 10),
    Kind.STORAGE_SILENT: (4, 12),
    Kind.STORAGE_FULL: (3, 10),
    Kind.REDIS_FULL: (3, 10),
    Kind.BROKER_CUT: (4, 12),
    Kind.BROKER_SILENT: (4, 12),
    Kind.PUBLISHING_CUT: (4, 12),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One fault.

    Attributes:
        at_s: When it begins, seconds from the start.
        kind: What happens.
        lasts_s: How long; 0 for a blow.
        worker: Number of the worker it befalls, from 1; 0 for other parts.
    """

    at_s: float
    kind: Kind
    lasts_s: float = 0.0
    worker: int = 0

    def __str__(self) -> str:
        who = f" {self.worker}" if self.worker else ""
        lasts = f" for {self.lasts_s:g} s" if self.lasts_s else ""
        return f"{self.at_s:6.1f} s  {self.kind}{who}{lasts}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """All faults of a run, by time.

    Attributes:
        seed: Says it all, together with the others.
        length_s: When the last fault is over at the latest, seconds.
        without: What cannot be done here.
        is_long: Whether troubles last as long as in the long form.
    """

    seed: int
    length_s: float
    without: frozenset[Kind] = frozenset()
    is_long: bool = False

    def events(self) -> list[Event]:
        """Return the faults in the order in which they begin."""
        flood = Event(round(self.length_s / 2, 1), Kind.IDENTICAL)
        parts = list(self._part_events(self._draws("parts")))
        if Kind.CLOCK_STEPPED not in self.without:
            parts.append(Event(round(self.length_s * 0.8, 1), Kind.CLOCK_STEPPED))
        workers = self._worker_events(self._draws("workers"), flood.at_s)
        return sorted([flood, *parts, *workers], key=lambda event: event.at_s)

    def __str__(self) -> str:
        lines = [f"Schedule of seed {self.seed}, {self.length_s:g} s:"]
        return "\n".join([*lines, *(f"  {event}" for event in self.events())])

    def _draws(self, track: str) -> random.Random:
        return random.Random(f"{self.seed} {track}")  # noqa: S311 - repeatable, no secrets

    def _worker_events(self, draws: random.Random, flood_s: float) -> Iterator[Event]:
        """Yield a blow to one worker every few seconds, in rounds that hit each once."""
        at_s, number, round_of = BEGIN_S, 0, list[int]()
        while at_s < self.length_s:
            if not round_of:
                round_of = draws.sample(range(1, WORKERS + 1), WORKERS)
            if not flood_s - 1 < at_s < flood_s + IDENTICAL_S:
                number += 1
                worker = round_of.pop()
                if number % FREEZE_EACH:
                    yield Event(round(at_s, 1), Kind.WORKER_KILLED, worker=worker)
                elif at_s + FREEZE_S < self.length_s:
                    yield Event(round(at_s, 1), Kind.WORKER_FROZEN, FREEZE_S, worker)
            at_s += draws.uniform(0.8, 1.2) * WORKER_EVERY_S

    def _part_events(self, draws: random.Random) -> Iterator[Event]:
        """Yield one trouble after the other: all of them, in an order of the seed's, and again."""
        at_s, deck = ALONE_S[self.is_long], list[Kind]()
        while True:
            if not deck:
                # Drawn from all, so that the rest keeps its order where something cannot be done.
                deck = draws.sample(list(LASTS_S), len(LASTS_S))
            if (kind := deck.pop()) in self.without:
                continue
            lasts_s = LASTS_S[kind][self.is_long]
            if at_s + lasts_s > self.length_s:
                return
            yield Event(round(at_s, 1), kind, lasts_s)
            at_s += lasts_s + draws.uniform(*CALM_S)
