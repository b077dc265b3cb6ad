"""Upkeep: what the keeper does to keep the promises, and the view of the whole service."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.jobstore import waiting_callers
from common.jobstore.histogram import Histogram
from common.jobstore.leases import Hint, read_hints
from common.jobstore.redis_client import RedisClient
from common.jobstore.waiting_callers import WaitingCallers
from common.renders import Identity, Params

REAP_MOST = 200
REAP_MOST_JOBS = 2_000  # of attached jobs: 0.2 s of Redis
SWEEP_MOST = 200
MOVE_MOST = 200
LAPSE_MOST = 20  # each may have a thousand jobs


@dataclass(frozen=True, slots=True)
class Reaping:
    """What one reap did.

    Attributes:
        held: Whether it ended no lease, to let live workers renew first.
        more: Whether it stopped at its bounds: reap again at once.
    """

    held: bool
    gap_ms: int
    lost: int
    expired: int
    hints: tuple[Hint, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Expiry:
    """What one round of expiry let go of; `lines` are style versions forgotten."""

    pictures: int
    records: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stranded:
    """A render that waits in a line without workers."""

    key: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class CrewMember:
    """A living worker of a line.

    Attributes:
        busy_share: Share of the last seconds in which its device worked, 0 to 1.
        batch_size: Mean photos of its last forwards; 0 when there were none.
    """

    process: str
    name: str
    device: str
    state: str
    seconds_per_mp: float
    max_batch: int
    busy_share: float
    batch_size: float


@dataclass(frozen=True, slots=True)
class Line:
    """A style version, its line and its crew."""

    name: str
    style: str
    version: str
    card: dict[str, Any]
    first_seen_ms: int
    last_seen_ms: int
    waiting: int
    waiting_px: int
    running_px: int
    crew: tuple[CrewMember, ...]

    @property
    def ready(self) -> tuple[CrewMember, ...]:
        """The workers that claim now."""
        return tuple(member for member in self.crew if member.state == "ready")


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole service at one moment, by Redis' clock.

    Attributes:
        eta_errors: |promised - real| seconds of each render that was finished; the promise is the
            first one, as its submission was told it.
        took: Seconds from a render's first submission until its picture was there.
        webhooks_waiting: Events that are to be told, or told again.
        webhooks_due: Those of them whose time has come.
    """

    now_ms: int
    states: dict[str, int]
    counts: dict[str, int]
    lines: tuple[Line, ...]
    leases: int
    delayed: int
    doomed: int
    deleting: int
    dead: int
    reaper_pauses: int
    memory_share: float
    eta_errors: Histogram
    took: Histogram
    webhooks_waiting: int = 0
    webhooks_due: int = 0


class Maintenance:
    """The keeper's verbs."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def reap(self) -> Reaping:
        """End what is overdue; bounded, so call it again every second, and at once for `more`."""
        answer = self._redis.call("reap", most=REAP_MOST, most_jobs=REAP_MOST_JOBS)
        return Reaping(
            held=answer["held"],
            gap_ms=int(answer["gap_ms"]),
            lost=int(answer["lost"]),
            expired=int(answer["expired"]),
            hints=read_hints(answer),
            more=answer["more"],
        )

    def begin_sweep(self) -> tuple[str, ...]:
        """Name the objects to delete now; no script commits them any more."""
        return tuple(self._redis.call("sweep_begin", most=SWEEP_MOST) or ())

    def end_sweep(self, names: Sequence[str]) -> None:
        """Forget objects that have been deleted."""
        self._redis.call("sweep_end", names=list(names))

    def expire(self) -> Expiry:
        """Let go of pictures, records and versions that have lived long enough.

        A forgotten version's line is named in each call until `end_expiry` confirms it.
        """
        answer = self._redis.call("expire", most=SWEEP_MOST)
        return Expiry(answer["pictures"], answer["records"], tuple(answer["lines"] or ()))

    def end_expiry(self, lines: Sequence[str]) -> None:
        """Forget lines whose Celery queues have been deleted."""
        self._redis.call("expire_end", lines=list(lines))

    def lapse_batches(self) -> int:
        """Cancel batches whose receiver has died; returns how many."""
        return int(self._redis.call("batch_lapse", most=LAPSE_MOST)["lapsed"])

    def expire_images(self) -> int:
        """Forget images whose time is over; returns how many."""
        return int(self._redis.call("image_expire", most=SWEEP_MOST)["images"])

    def stranded(self, line: str) -> tuple[Stranded, ...]:
        """The first renders waiting in a line, with what their key is computed from."""
        return tuple(
            Stranded(
                key=found["key"],
                identity=Identity(
                    image_sha256=found["sha"],
                    params=Params.from_dict(json.loads(found["params"])),
                    scope=found["scope"],
                    salt=found["salt"],
                ),
            )
            for found in self._redis.call("stranded", line=line, most=MOVE_MOST) or ()
        )

    def move(self, render: Stranded, target: Line) -> tuple[str, tuple[Hint, ...]]:
        """Take a waiting render to another version; answers how, and the hints to publish."""
        answer = self._redis.call(
            "move",
            key=render.key,
            new_key=render.identity.key(target.name),
            version=target.version,
            line=target.name,
        )
        return answer["outcome"], read_hints(answer)

    def note_memory(self) -> float:
        """Record which share of its memory Redis uses; admit looks at it."""
        share = self._redis.used_memory_share()
        self._redis.call("note_memory", used_share=share)
        return share

    def note_minute(self) -> None:
        """Note the counters if a minute has begun; to be called about every second."""
        self._redis.call("note_minute")

    def waiting_callers(self) -> WaitingCallers:
        """Look who waits in which line."""
        return waiting_callers.look(self._redis)

    def overview(self) -> Overview:
        """Look at the whole service."""
        return _read_overview(self._redis.call("overview"))


def _read_overview(answer: dict[str, Any]) -> Overview:
    def whole(counters: dict[str, str]) -> dict[str, int]:
        return {name: int(value) for name, value in counters.items()}

    return Overview(
        now_ms=int(answer["now_ms"]),
        states=whole(answer["states"]),
        counts=whole(answer["counts"]),
        lines=tuple(_read_line(line) for line in answer["lines"] or ()),
        leases=int(answer["leases"]),
        delayed=int(answer["delayed"]),
        doomed=int(answer["doomed"]),
        deleting=int(answer["deleting"]),
        dead=int(answer["dead"]),
        reaper_pauses=int(answer["reaper"].get("pauses", 0)),
        memory_share=float(answer["memory"]),
        eta_errors=Histogram.read(answer["eta"]),
        took=Histogram.read(answer["took"]),
        webhooks_waiting=int(answer["webhooks"]["waiting"]),
        webhooks_due=int(answer["webhooks"]["due"]),
    )


def _read_line(line: dict[str, Any]) -> Line:
    return Line(
        name=line["line"],
        style=line["style"],
        version=line["version"],
        card=json.loads(line["card"]),
        first_seen_ms=int(line["first_seen_ms"]),
        last_seen_ms=int(line["last_seen_ms"]),
        waiting=int(line["waiting"]),
        waiting_px=int(line["waiting_px"]),
        running_px=int(line["running_px"]),
        crew=tuple(
            CrewMember(
                process=member["process"],
                name=member["name"],
                device=member["device"],
                state=member["state"],
                seconds_per_mp=float(member["seconds_per_mp"]),
                max_batch=int(member["max_batch"]),
                busy_share=float(member.get("busy_share", 0)),  # an earlier release says nothing
                batch_size=float(member.get("batch_size", 0)),
            )
            for member in line["crew"] or ()
        ),
    )
