"""Maintenance: the keeper's verbs, which end what is overdue and delete what has expired."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from common.jobstore.leases import Hint, read_hints
from common.jobstore.overview import Line
from common.jobstore.redis_client import RedisClient
from common.renders import Identity, Params

REAP_MOST = 200
REAP_MOST_JOBS = 2_000  # attached jobs: 0.2 s of Redis
SWEEP_MOST = 200
MOVE_MOST = 200
LAPSE_MOST = 20  # each may have a thousand jobs


@dataclass(frozen=True, slots=True)
class Reaping:
    """The result of one reap.

    Attributes:
        held: Whether it ended no lease, so that live workers can renew first.
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
    """How much one round of expiry deleted; `lines` are those of forgotten style versions."""

    pictures: int
    records: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stranded:
    """A render that waits in a line without workers."""

    key: str
    identity: Identity


class Maintenance:
    """The keeper's verbs of maintenance."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def reap(self) -> Reaping:
        """End what is overdue; bounded. To be called every second, and again at once for `more`."""
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
        """Return the names of objects to delete now; no script commits them any more."""
        return tuple(self._redis.call("sweep_begin", most=SWEEP_MOST) or ())

    def end_sweep(self, names: Sequence[str]) -> None:
        """Confirm that objects have been deleted."""
        self._redis.call("sweep_end", names=list(names))

    def expire(self) -> Expiry:
        """Delete expired pictures, records and style versions.

        A forgotten version's line is returned by each call until `end_expiry` confirms it.
        """
        answer = self._redis.call("expire", most=SWEEP_MOST)
        return Expiry(answer["pictures"], answer["records"], tuple(answer["lines"] or ()))

    def end_expiry(self, lines: Sequence[str]) -> None:
        """Confirm that the Celery queues of lines have been deleted."""
        self._redis.call("expire_end", lines=list(lines))

    def lapse_batches(self) -> int:
        """Cancel batches whose receiver has died; return how many."""
        return int(self._redis.call("batch_lapse", most=LAPSE_MOST)["lapsed"])

    def expire_images(self) -> int:
        """Delete expired images; return how many."""
        return int(self._redis.call("image_expire", most=SWEEP_MOST)["images"])

    def stranded(self, line: str) -> tuple[Stranded, ...]:
        """Return the first renders waiting in a line, with what their keys are computed from."""
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
        """Move a waiting render to another version; return the outcome and the hints to publish."""
        answer = self._redis.call(
            "move",
            key=render.key,
            new_key=render.identity.key(target.name),
            version=target.version,
            line=target.name,
        )
        return answer["outcome"], read_hints(answer)

    def note_memory(self) -> float:
        """Record the share of its memory that Redis uses, for `admit`; return it."""
        share = self._redis.used_memory_share()
        self._redis.call("note_memory", used_share=share)
        return share

    def note_minute(self) -> None:
        """Record the counters once a minute; to be called about every second."""
        self._redis.call("note_minute")
