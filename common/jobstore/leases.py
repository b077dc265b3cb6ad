"""Leases: how workers claim, renew, complete and release renders; and their heartbeat."""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from common.errors import RenderError
from common.jobs import Output, Stage
from common.jobstore.redis_client import RedisClient
from common.renders import Params


def new_token() -> str:
    """Make a fencing token: 64 random bits, so that none is used twice."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Claim:
    """A render leased to this process.

    Attributes:
        key: The render's key.
        token: The fencing token of this attempt.
        attempt: Which counted attempt this is, from 1.
        input_name: Object to fetch.
        output_name: Object name to store the picture under.
        work_px: Pixels at work size.
        job_id: One of its attached jobs, for the logs.
        is_suspect: Whether an earlier attempt was lost with its worker.
        limit_s: Execution limit of this attempt, seconds.
    """

    key: str
    token: str
    attempt: int
    input_name: str
    output_name: str
    params: Params
    style: str
    version: str
    work_px: int
    job_id: str
    is_suspect: bool
    limit_s: float


class NoClaim(StrEnum):
    """Why a claim returned no render."""

    EMPTY = "empty"
    WAIT = "wait"


class Verdict(StrEnum):
    """The outcome of ending an attempt."""

    COMMITTED = "committed"
    REFUSED = "refused"
    UNWANTED = "unwanted"
    FAILED = "failed"
    DELAYED = "delayed"
    RELEASED = "released"
    ABANDONED = "abandoned"
    WANTED = "wanted"


@dataclass(frozen=True, slots=True)
class Renewal:
    """Keys of renders whose lease is lost, and of those that no job waits for."""

    lost: frozenset[str]
    unwanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint to publish: there is work in this line."""

    line: str
    key: str


def read_hints(answer: dict[str, Any]) -> tuple[Hint, ...]:
    """Read the hints of a script's answer (Lua writes an empty list as an empty object)."""
    return tuple(Hint(line, key) for line, key in answer.get("hints") or ())


@dataclass(frozen=True, slots=True)
class LineOffer:
    """A style version that a worker serves.

    Attributes:
        card: What `/v1/styles` shows, as JSON.
        seconds_per_mp: Measured seconds per megapixel; 0 while unknown.
    """

    line: str
    style: str
    version: str
    card: str
    seconds_per_mp: float
    max_batch: int


class WorkerState(StrEnum):
    """A worker's state, as it reports it with each heartbeat."""

    STARTING = "starting"
    READY = "ready"
    SICK = "sick"
    DRAINING = "draining"


class Leases:
    """The verbs of a worker process.

    Args:
        redis: The client that calls the scripts.
        process: Id of this process; never reused.
    """

    def __init__(self, redis: RedisClient, process: str) -> None:
        self._redis = redis
        self.process = process

    def claim(
        self, line: str, *, seconds_per_mp: float, token: str | None = None
    ) -> Claim | NoClaim:
        """Claim the head of a line.

        Args:
            line: Name of the line.
            seconds_per_mp: What this process needs for a megapixel, seconds.
            token: To repeat a call after an error: the token of the first call. Redis may have run
                that call; under a new token it would claim a second render.

        Raises:
            StoreUnavailable: Redis does not answer; it may have claimed a render.
        """
        token = token or new_token()
        answer = self._redis.call(
            "claim",
            line=line,
            process=self.process,
            token=token,
            seconds_per_mp=seconds_per_mp,
        )
        if answer["outcome"] != "claimed":
            return NoClaim(answer["outcome"])
        return Claim(
            key=answer["key"],
            token=token,
            attempt=int(answer["attempt"]),
            input_name=answer["input"],
            output_name=answer["output"],
            params=Params.from_dict(json.loads(answer["params"])),
            style=answer["style"],
            version=answer["version"],
            work_px=int(answer["px"]),
            job_id=answer["job"],
            is_suspect=answer["is_suspect"],
            limit_s=answer["limit_ms"] / 1000,
        )

    def renew(self, held: Iterable[tuple[Claim, Stage]]) -> Renewal:
        """Renew all leases of this process and report the stage of each."""
        leases = [{"key": c.key, "token": c.token, "stage": stage.value} for c, stage in held]
        answer = self._redis.call("renew", process=self.process, leases=leases)
        return Renewal(frozenset(answer["lost"] or ()), frozenset(answer["unwanted"] or ()))

    def complete(
        self,
        claim: Claim,
        output: Output,
        *,
        execution: dict[str, Any],
        stages_ms: dict[str, float],
    ) -> Verdict:
        """Commit a stored picture: `COMMITTED`, `REFUSED` or `UNWANTED`."""
        described = asdict(output)
        name = described.pop("name")
        answer = self._redis.call(
            "complete",
            key=claim.key,
            token=claim.token,
            name=name,
            output=json.dumps(described, separators=(",", ":")),
            execution=json.dumps(execution, separators=(",", ":")),
            stages=json.dumps(stages_ms, separators=(",", ":")),
        )
        return Verdict(answer["outcome"])

    def fail(self, claim: Claim, error: RenderError) -> Verdict:
        """End a failed attempt: `FAILED`, `DELAYED`, `UNWANTED` or `REFUSED`."""
        answer = self._redis.call(
            "fail",
            key=claim.key,
            token=claim.token,
            code=error.code,
            message=str(error),
            retryable=error.retryable,
        )
        return Verdict(answer["outcome"])

    def release(
        self, claim: Claim, *, lost_as: type[RenderError] | None = None
    ) -> tuple[Verdict, tuple[Hint, ...]]:
        """Release a render: uncounted, or as a lost attempt. Returns the hints to publish too."""
        answer = self._redis.call(
            "release",
            key=claim.key,
            token=claim.token,
            counted=lost_as is not None,
            code=lost_as.code if lost_as else None,
            message=lost_as.default if lost_as else None,
        )
        return Verdict(answer["outcome"]), read_hints(answer)

    def abandon(self, claim: Claim) -> Verdict:
        """Stop a render that no job waits for: `ABANDONED`, `WANTED` after all, or `REFUSED`."""
        answer = self._redis.call("abandon", key=claim.key, token=claim.token)
        return Verdict(answer["outcome"])

    def heartbeat(
        self,
        *,
        name: str,
        device: str,
        state: WorkerState,
        offers: Sequence[LineOffer],
        busy_share: float = 0.0,
        batch_size: float = 0.0,
    ) -> None:
        """Report that this process is alive, its state, what it serves and how busy it was.

        Args:
            name: The worker's name, for people.
            device: Its device, for people.
            state: Its state.
            offers: What it serves.
            busy_share: Share of the last seconds in which its device worked, 0 to 1.
            batch_size: Mean photos of its last forwards; 0 if there were none.
        """
        self._redis.call(
            "heartbeat",
            process=self.process,
            name=name,
            device=device,
            state=state.value,
            busy_share=round(busy_share, 3),
            batch_size=round(batch_size, 2),
            lines=[asdict(offer) for offer in offers],
        )

    def leave(self, lines: Sequence[str]) -> None:
        """Report that this process is stopping."""
        self._redis.call("leave", process=self.process, lines=list(lines))
