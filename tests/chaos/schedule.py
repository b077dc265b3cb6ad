"""The schedule: which fault befalls which part when, all from one seed. Pure.

Two tracks run side by side: workers die one after the other, and after a while in which nothing
else is wrong the other parts suffer one trouble at a time. So every trouble of a part meets dying
workers, and each trouble's own effect stays to be told from that of the others.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum

WORKERS = 3
WORKER_EVERY_S = 5.0
FREEZE_S = 9.0  # past a lease of 6 s, and the reaper's next look
BEGIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How much time a form takes.

    Attributes:
        alone_s: How long workers die alone at first: recovery is measured.
        calm_s: Between two troubles of the other parts, from and to.
        identical_s: How long blows to workers pause for the flood of identical photos.
        freeze_each: Of so many blows to workers one is a freeze.
    """

    alone_s: float
    calm_s: tuple[float, float]
    identical_s: float
    freeze_each: int


class Form(IntEnum):
    """How long a campaign is: that of `make test`, that of `make test-chaos`, that of a night."""

    BRIEF = 0
    SHORT = 1
    LONG = 2

    @property
    def pace(self) -> Pace:
        """How much time it takes."""
        return (
            Pace(alone_s=5.0, calm_s=(0.6, 1.2), identical_s=8.0, freeze_each=3),
            Pace(alone_s=11.0, calm_s=(0.5, 1.5), identical_s=14.0, freeze_each=5),
            Pace(alone_s=45.0, calm_s=(0.5, 1.5), identical_s=14.0, freeze_each=5),
        )[self]


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


# How long each trouble lasts in the brief form, the short one and the long one, seconds.
LASTS_S: dict[Kind, tuple[float, float, float]] = {
    Kind.API_KILLED: (0, 0, 0),
    Kind.API_PROCESS_KILLED: (0, 0, 0),
    Kind.API_KILLED_STORING: (1.2, 1.5, 2),
    Kind.API_KILLED_RECORDING: (0, 0.8, 1),
    Kind.API_KILLED_PUBLISHING: (0, 0.8, 1),
    Kind.KEEPER_KILLED: (0, 0, 0),
    Kind.REDIS_KILLED: (0, 0, 0),
    Kind.REDIS_FROZEN: (4, 5, 30),
    Kind.MEMORY_GUARDED: (0, 3, 8),
    Kind.MEMORY_FULL: (1, 2, 5),
    Kind.STORAGE_FAILING: (2, 3, 8),
    Kind.STORAGE_SHAKY: (0, 4, 15),
    Kind.STORAGE_FORBIDDEN: (0, 2, 5),
    Kind.STORAGE_SLOW: (2, 3, 10),
    Kind.STORAGE_SILENT: (2.5, 4, 12),
    Kind.STORAGE_FULL: (2, 3, 10),
    Kind.REDIS_FULL: (2, 3, 10),
    Kind.BROKER_CUT: (2.5, 4, 12),
    Kind.BROKER_SILENT: (0, 4, 12),
    Kind.PUBLISHING_CUT: (2.5, 4, 12),
}


# Not in the brief form: each differs little from one that is.
NOT_IN_BRIEF = frozenset(
    {
        Kind.API_KILLED_RECORDING,
        Kind.API_KILLED_PUBLISHING,
        Kind.MEMORY_GUARDED,
        Kind.STORAGE_SHAKY,
        Kind.STORAGE_FORBIDDEN,
        Kind.BROKER_SILENT,
    }
)


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
        form: Says how long each trouble lasts.
    """

    seed: int
    length_s: float
    without: frozenset[Kind] = frozenset()
    form: Form = Form.SHORT

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
            if not flood_s - 1 < at_s < flood_s + self.form.pace.identical_s:
                number += 1
                worker = round_of.pop()
                if number % self.form.pace.freeze_each:
                    yield Event(round(at_s, 1), Kind.WORKER_KILLED, worker=worker)
                elif at_s + FREEZE_S < self.length_s:
                    yield Event(round(at_s, 1), Kind.WORKER_FROZEN, FREEZE_S, worker)
            at_s += draws.uniform(0.8, 1.2) * WORKER_EVERY_S

    def _part_events(self, draws: random.Random) -> Iterator[Event]:
        """Yield one trouble after the other: all of them, in an order of the seed's, and again."""
        at_s, deck = self.form.pace.alone_s, list[Kind]()
        left_out = self.without | (NOT_IN_BRIEF if self.form is Form.BRIEF else frozenset())
        while True:
            if not deck:
                # Drawn from all, so that the rest keeps its order where something cannot be done.
                deck = draws.sample(list(LASTS_S), len(LASTS_S))
            if (kind := deck.pop()) in left_out:
                continue
            lasts_s = LASTS_S[kind][self.form]
            if at_s + lasts_s > self.length_s:
                return
            yield Event(round(at_s, 1), kind, lasts_s)
            at_s += lasts_s + draws.uniform(*self.form.pace.calm_s)
