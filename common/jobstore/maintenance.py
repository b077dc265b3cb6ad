"""Maintenance: the keeper's verbs, which end what is overdue and let go of what has lived long."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from common.jobstore.leases import Hint, read_hints
from common.jobstore.overview import Line
from common.jobstore.redis_client import RedisClient
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
