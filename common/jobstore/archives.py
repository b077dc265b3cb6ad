"""Archives: selections of jobs whose pictures go into one ZIP, and the secrets of their links."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common.errors import NotFound, QueueFull
from common.jobs import JobStatus, Output
from common.jobstore.batches import SECRET_BYTES
from common.jobstore.redis_client import RedisClient
from common.jobstore.submissions import FULL_RETRY_AFTER_S

MAX_ARCHIVE_JOBS = 1_000


class ArchiveKind(StrEnum):
    """What an archive was made from: a selection of jobs, or a batch."""

    ARCHIVES = "archives"
    BATCHES = "batches"


@dataclass(frozen=True, slots=True)
class Archive:
    """A selection of jobs, in order; `now_ms` is when it was made."""

    id: str
    secret: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The jobs that an archive's link leads to; `secret` must have signed the link."""

    caller: str
    secret: str
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A job of an archive; only `job_id` is set if the caller has no such job.

    Attributes:
        label: File name of its photo: from its batch, else `file` in its metadata.
        output: The finished picture; None if there is none, or no longer.
        made_ms: When it was rendered, milliseconds since the epoch.
        is_gone: Whether it has expired.
        failure: Error code of a failed job.
    """

    job_id: str
    status: JobStatus | None = None
    style: str | None = None
    params: dict[str, Any] | None = None
    label: str | None = None
    output: Output | None = None
    made_ms: int = 0
    is_gone: bool = False
    failure: str | None = None


class Archives:
    """The verbs on archives."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def make(self, caller: str, jobs: Sequence[str], *, ttl_s: int) -> Archive:
        """Record a selection of a caller's jobs for so many seconds.

        Raises:
            NotFound: None of the jobs is this caller's.
            QueueFull: Redis has no room.
            StoreUnavailable: Redis does not answer.
        """
        archive_id, secret = secrets.token_hex(16), secrets.token_hex(SECRET_BYTES)
        answer = self._redis.call(
            "archive_make",
            archive=archive_id,
            caller=caller,
            secret=secret,
            jobs=list(jobs),
            ttl_ms=ttl_s * 1000,
        )
        match answer["outcome"]:
            case "not_found":
                raise NotFound("None of these jobs is there.")
            case "queue_full":
                raise QueueFull(retry_after_s=FULL_RETRY_AFTER_S)
            case _:
                return Archive(archive_id, secret, int(answer["now"]))

    def view(self, kind: ArchiveKind, archive_id: str) -> Selection:
        """Return what a link leads to; its signature is not checked yet.

        Raises:
            NotFound: There is no such archive, or it has expired.
            StoreUnavailable: Redis does not answer.
        """
        record = self._redis.call("archive_view", kind=kind, id=archive_id)
        if record is None:
            raise NotFound("There is no such archive; ask for it again.")
        return Selection(record["caller"], record["secret"], tuple(record["jobs"] or ()))

    def pictures(self, caller: str, jobs: Sequence[str]) -> tuple[Picture, ...]:
        """Return the jobs' pictures as they are now, in the given order."""
        if not jobs:
            return ()
        answer = self._redis.call("pictures", caller=caller, jobs=list(jobs))
        return tuple(_read_picture(found) for found in answer["pictures"])


def _read_picture(found: Mapping[str, Any]) -> Picture:
    if "status" not in found:
        return Picture(found["job"])
    output, name = found.get("output"), found.get("name")
    failure = found.get("error")
    return Picture(
        job_id=found["job"],
        status=JobStatus(found["status"]),
        style=found["style"],
        params=json.loads(found["params"]),
        label=found.get("file"),
        output=Output(name=name, **json.loads(output)) if output and name else None,
        made_ms=int(found.get("made") or 0),
        is_gone=found["is_gone"],
        failure=json.loads(failure)["code"] if failure else None,
    )
