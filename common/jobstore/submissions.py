"""Submissions: admit, enqueue and retry, and their outcomes."""

import hashlib
import json
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from common.callers import Caller
from common.errors import (
    BatchClosed,
    IdempotencyKeyReuse,
    NotCached,
    NotFound,
    NotRetryable,
    QueueFull,
    QueueFullForKey,
    QuotaExceeded,
    StorageUnavailable,
)
from common.jobs import PRIORITY_WEIGHTS, Priority
from common.jobstore.redis_client import RETRY_AFTER_S, RedisClient
from common.jobstore.webhooks import WebhookTarget
from common.renders import Identity, Params

FULL_RETRY_AFTER_S = 10


class Outcome(StrEnum):
    """The outcome of a submission."""

    NEED_INPUT = "need_input"
    QUEUED = "queued"
    JOINED = "joined"
    HIT = "hit"
    FAILED = "failed"
    REPLAYED = "replayed"
    CHECK_OUTPUT = "check_output"


@dataclass(frozen=True, slots=True)
class BatchPlace:
    """A submission's place in a batch: its number from 0, and its photo's label."""

    batch_id: str
    number: int
    label: str


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything that the store needs to know about a submission.

    Attributes:
        job_id: Id of the new job; for a retry, of the old one.
        caller: Who sent it, with its share; the settings fill in what the share leaves open.
        line: Name of the style version's line; part of the render key.
        version: The style version.
        work_px: Pixels of the picture at work size: its cost.
        source_type: Media type of the upload, for `/source`.
        span_s: Seconds from submission to the deadline.
        bypass: Whether the caller asked for its own render (`no-cache`).
        input_name: Object name for the upload.
        idempotency_key: The caller's key, if it sent one.
        fingerprint: Digest of what must be equal under one idempotency key.
        place: Its place in a batch, if it has one.
        image_id: The kept image that is its photo; then `input_name` is that image's object.
        trusts_cache: Whether a hit's picture counts as present without a check.
        webhook: Where its job's end is reported; None for nowhere, and for photos of a batch.
    """

    job_id: str
    caller: Caller
    priority: Priority
    style: str
    version: str
    line: str
    identity: Identity
    work_px: int
    source_type: str
    span_s: float
    input_name: str
    metadata: dict[str, str] = field(default_factory=dict)
    bypass: bool = False
    only_if_cached: bool = False
    idempotency_key: str | None = None
    fingerprint: str = ""
    place: BatchPlace | None = None
    image_id: str | None = None
    trusts_cache: bool = False
    webhook: WebhookTarget | None = None

    @property
    def render_key(self) -> str:
        """Key of its render."""
        return self.identity.key(self.line)

    def arguments(self) -> dict[str, Any]:
        """Return the scripts' argument."""
        identity, params = self.identity, self.identity.params
        name, share = self.caller.name, self.caller.share
        return {
            "job": self.job_id,
            "caller": name,
            "weight": share.weight,
            "flow_weight": share.weight * PRIORITY_WEIGHTS[self.priority],
            "priority": self.priority.value,
            "style": self.style,
            "version": self.version,
            "line": self.line,
            "key": self.render_key,
            "sha": identity.image_sha256,
            "scope": identity.scope,
            "salt": identity.salt,
            "params": json.dumps(params.as_dict(), separators=(",", ":")),
            "extension": params.format.extension,
            "px": self.work_px,
            "content_type": self.source_type,
            "span_ms": round(self.span_s * 1000),
            "input": self.input_name,
            "metadata": json.dumps(self.metadata, separators=(",", ":")),
            "bypass": self.bypass,
            "only_if_cached": self.only_if_cached,
            "idempotency": idempotency_digest(name, self.idempotency_key),
            "fingerprint": self.fingerprint,
            "open_max": share.max_open_jobs,
            "day_px_max": _day_px(share.megapixels_per_day),
            "batch": self.place.batch_id if self.place else None,
            "item": self.place.number if self.place else None,
            "file": self.place.label if self.place else None,
            "image": self.image_id,
            "trusts_cache": self.trusts_cache or None,
            "webhook": self.webhook.argument() if self.webhook else None,
        }


def idempotency_digest(caller: str, key: str | None, *, kind: str = "") -> str | None:
    """Return the digest that stands for an idempotency key: Redis keys hold no text of callers.

    Args:
        caller: Whose key it is.
        key: The key, if there is one.
        kind: What it was sent for, if not for a job.
    """
    if key is None:
        return None
    kinds = f"{kind}\0" if kind else ""
    return hashlib.sha256(f"{kinds}{caller}\0{key}".encode()).hexdigest()


def _day_px(megapixels: float | None) -> int | None:
    """Return an allowance as the scripts take it: 0 for no limit, None for the default."""
    if megapixels is None or math.isinf(megapixels):
        return None if megapixels is None else 0
    return math.ceil(megapixels * 1e6)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a submission: the outcome, and the job.

    Attributes:
        object_name: The picture to check first (`CHECK_OUTPUT`).
    """

    outcome: Outcome
    job_id: str
    object_name: str = ""


class Submissions:
    """The verbs that submit work."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def admit(self, submission: Submission) -> Answer:
        """Answer a submission without its upload, or ask for it (`NEED_INPUT`).

        `CHECK_OUTPUT` asks to check a picture first, unless `trusts_cache`.

        Raises:
            QueueFull, QueueFullForKey: There is no room.
            QuotaExceeded: The caller's megapixels of the day are used up.
            IdempotencyKeyReuse: The key was used for something else.
            NotCached: `only_if_cached`, and it is not.
            BatchClosed: Its batch takes no more photos.
            StoreUnavailable: Redis does not answer.
        """
        return _answer(submission, self._redis.call("admit", **submission.arguments()))

    def enqueue(self, submission: Submission) -> Answer:
        """Record a submission whose upload is stored under its `input_name`.

        Raises:
            As `admit`; and StorageUnavailable when the upload took so long that its name was swept.
        """
        return _answer(submission, self._redis.call("enqueue", **submission.arguments()))

    def resubmission(
        self, job_id: str, caller: Caller, version_of: Callable[[str], tuple[str, str]]
    ) -> Submission:
        """Return an ended job as a submission, for its retry under the current style version.

        Args:
            job_id: The job.
            caller: Its caller, with the current share.
            version_of: Returns a style's current version and the name of that version's line.

        Raises:
            NotFound: No such job of this caller.
            StoreUnavailable: Redis does not answer.
            CelshadeError: Whatever `version_of` raises.
        """
        record = self._redis.call("view", job=job_id, caller=caller.name)
        if record is None:
            raise NotFound("There is no such job.")
        version, line = version_of(record["style"])
        return Submission(
            job_id=job_id,
            caller=caller,
            priority=Priority(record["priority"]),
            style=record["style"],
            version=version,
            line=line,
            identity=Identity(
                image_sha256=record["sha"],
                params=Params.from_dict(json.loads(record["params"])),
                scope=record["scope"],
                salt=record["salt"],
            ),
            work_px=int(record["px"]),
            source_type=record["ctype"],
            span_s=int(record["span"]) / 1000,
            input_name=record["input"],
            metadata=json.loads(record["meta"]),
            bypass=bool(record["salt"]),
        )

    def retry(self, submission: Submission) -> Answer:
        """Submit an ended job again under its id, from its kept input.

        Raises:
            NotFound: No such job of this caller.
            NotRetryable: It is open or succeeded, or its input is gone.
            QueueFull, QueueFullForKey, QuotaExceeded, StoreUnavailable: As `admit`.
        """
        mark = secrets.token_hex(8)  # tells a repeated call from another retry
        answer = self._redis.call("retry", mark=mark, **submission.arguments())
        return _answer(submission, answer)


def _answer(submission: Submission, answer: dict[str, Any]) -> Answer:
    """Convert a script's answer, or raise the error it stands for."""
    match answer["outcome"]:
        case "queue_full" if "retry_ms" in answer:
            raise QueueFull(
                "The service has used up its megapixels of today; they are reset at midnight UTC.",
                retry_after_s=math.ceil(answer["retry_ms"] / 1000),
            )
        case "queue_full":
            raise QueueFull(retry_after_s=FULL_RETRY_AFTER_S)
        case "queue_full_for_key":
            raise QueueFullForKey(retry_after_s=FULL_RETRY_AFTER_S)
        case "quota_exceeded":
            raise QuotaExceeded(retry_after_s=math.ceil(answer["retry_ms"] / 1000))
        case "reused":
            raise IdempotencyKeyReuse
        case "not_cached":
            raise NotCached
        case "not_found":
            raise NotFound
        case "not_retryable":
            raise NotRetryable(_why_not_retryable(answer["cause"]))
        case "input_lost":
            raise StorageUnavailable(retry_after_s=RETRY_AFTER_S)
        case "batch_closed":
            raise BatchClosed
        case outcome:
            job_id = answer.get("job", submission.job_id)
            return Answer(Outcome(outcome), job_id, answer.get("object", ""))


def _why_not_retryable(cause: str) -> str:
    if cause == "input":
        return "The photo of this job is no longer kept; submit it again."
    return f"A job that is {cause} cannot be retried; only failed, canceled or expired ones can."
