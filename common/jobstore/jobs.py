"""Jobs as their callers see them: view, list, cancel, delete."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import NotFound
from common.jobs import CacheStatus, Job, JobFailure, JobStatus, Output, Priority, Stage
from common.jobstore.redis_client import RedisClient


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of a caller's jobs, newest first; `cursor` is None on the last."""

    jobs: tuple[Job, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Deletion:
    """What was deleted with a job and what other holders retain: `job`, `source`, `result`."""

    deleted: tuple[str, ...]
    retained: tuple[str, ...]


class Jobs:
    """The verbs on existing jobs."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def view(self, job_id: str, caller: str) -> Job:
        """Return a caller's job.

        Raises:
            NotFound: There is none, or it is another caller's.
            StoreUnavailable: Redis does not answer.
        """
        record = self._redis.call("view", job=job_id, caller=caller)
        if record is None:
            raise NotFound("There is no such job.")
        return read_job(record)

    def is_still(self, job_id: str, mark: str) -> bool:
        """Return whether an ended job is unchanged since it was read with this mark.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        return bool(self._redis.call("still", job=job_id, mark=mark))

    def page(
        self, caller: str, *, status: JobStatus | None, cursor: str | None, limit: int
    ) -> JobPage:
        """Return a page of a caller's jobs, newest first, from a cursor on."""
        answer = self._redis.call("list", caller=caller, status=status, cursor=cursor, limit=limit)
        return JobPage(tuple(read_job(job) for job in answer["jobs"]), answer.get("cursor"))

    def cancel(self, job_id: str, caller: str) -> None:
        """Cancel a job; does nothing if it has ended.

        Raises:
            NotFound: There is none, or it is another caller's.
        """
        if self._redis.call("cancel", job=job_id, caller=caller)["outcome"] == "not_found":
            raise NotFound("There is no such job.")

    def delete(self, job_id: str, caller: str) -> Deletion:
        """Delete a job; its pictures are deleted with their last holder.

        Raises:
            NotFound: There is none, or it is another caller's.
        """
        answer = self._redis.call("delete", job=job_id, caller=caller)
        if answer["outcome"] == "not_found":
            raise NotFound("There is no such job.")
        fates = {"job": "deleted", "source": answer["source"], "result": answer["result"]}
        return Deletion(
            deleted=tuple(name for name, fate in fates.items() if fate == "deleted"),
            retained=tuple(name for name, fate in fates.items() if fate == "retained"),
        )


def _whole(record: Mapping[str, Any], name: str) -> int | None:
    value = record.get(name)
    return None if value in (None, "") else int(float(str(value)))


def _decoded(record: Mapping[str, Any], name: str) -> Any:
    text = record.get(name)
    return json.loads(text) if text else None


def _submitted_ms(record: Mapping[str, Any]) -> int | None:
    """When the present run began: its deadline is one span later."""
    deadline_ms, span_ms = _whole(record, "deadline"), _whole(record, "span")
    return None if deadline_ms is None or span_ms is None else deadline_ms - span_ms


def read_job(record: Mapping[str, Any]) -> Job:
    """Read a job from its record (strings) and the fields that the view adds (numbers)."""
    output, failure = _decoded(record, "output"), _decoded(record, "error")
    is_gone = bool(record.get("pictures_gone"))
    age_ms = _whole(record, "age")
    return Job(
        id=record["id"],
        caller=record["caller"],
        status=JobStatus(record["status"]),
        style=record["style"],
        version=record["version"],
        params=json.loads(record["params"]),
        priority=Priority(record["priority"]),
        run=int(record["run"]),
        attempts=_whole(record, "attempts") or 0,
        created_ms=int(record["created"]),
        deadline_ms=_whole(record, "deadline") or 0,
        render_key=record["render"],
        cache=CacheStatus(record["cache"]),
        submitted_ms=_submitted_ms(record),
        started_ms=_whole(record, "started"),
        finished_ms=_whole(record, "finished"),
        expires_ms=_whole(record, "expires"),
        cache_age_s=None if age_ms is None else age_ms / 1000,
        stage=Stage(record["stage"]) if record.get("stage") else None,
        position=_whole(record, "position"),
        eta_s=record.get("eta_s"),
        input_name=None if is_gone else record.get("input") or None,
        source_type=record.get("ctype") or None,
        output=Output(name=record.get("output_name", ""), **output) if output else None,
        pictures_gone=is_gone,
        execution=_decoded(record, "execution"),
        stages_ms=_decoded(record, "stages"),
        failure=JobFailure(**{k: failure[k] for k in ("code", "message", "retryable")})
        if failure
        else None,
        metadata=_decoded(record, "meta") or {},
        batch_id=record.get("batch"),
        now_ms=int(record["now"]),
        mark=record.get("mark"),
    )
