"""Reading the server's JSON: additions are passed over, other kinds are complained about."""

from datetime import UTC, datetime
from typing import Any

import pytest

from celshade.client.errors import BadAnswer
from celshade.client.jobs import read_job

FINISHED: dict[str, Any] = {
    "id": "abc",
    "status": "succeeded",
    "style": "ink",
    "params": {"strength": 0.7, "size": 1024, "format": "jpeg", "quality": 92},
    "run": 2,
    "attempts": 1,
    "created_at": "2026-01-02T03:04:05.678Z",
    "queue": {"position": None, "eta_seconds": None},
    "progress": {"stage": None},
    "cache": {"status": "hit", "age_seconds": 12.5},
    "output": {"content_type": "image/jpeg", "width": 3, "height": 2, "size_bytes": 9,
               "sha256": "00", "url": "http://s/x"},
    "metrics": {"stages": {"forward_ms": 3.5}},
    "error": None,
    "urls": {"result": "http://h/r"},
    "surprise": {"new": [1]},
}  # fmt: skip


def test_a_finished_job_is_read_whole() -> None:
    job = read_job(FINISHED)
    assert (job.id, job.run, job.attempts, job.is_terminal, job.succeeded) == (
        "abc",
        2,
        1,
        True,
        True,
    )
    assert job.created_at == datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    assert (job.params.quality, job.cache.status, job.cache.age_s) == (92, "hit", 12.5)
    assert job.output is not None
    assert (job.output.width, job.output.sha256) == (3, "00")
    assert job.stages_ms == {"forward_ms": 3.5}
    assert job.failed() is None


def test_additions_are_kept_and_do_no_harm() -> None:
    assert read_job(FINISHED).raw["surprise"] == {"new": [1]}


def test_an_unknown_state_is_an_open_one() -> None:
    job = read_job({"id": "1", "status": "pondering"})
    assert not job.is_terminal
    assert job.failed() is None


def test_a_failure_is_explained_by_the_server_or_by_the_state() -> None:
    error = {"code": "decode_failed", "message": "Damaged.", "retryable": False}
    told = read_job({"id": "1", "status": "failed", "error": error}).failed()
    assert told is not None
    assert (told.code, str(told), told.retryable) == ("decode_failed", "Damaged.", False)
    expired = read_job({"id": "1", "status": "expired"}).failed()
    assert expired is not None
    assert (expired.code, "deadline" in str(expired)) == ("expired", True)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "job",
        {},
        {"id": "1"},
        {"id": 7, "status": "queued"},
        {"id": "1", "status": "queued", "run": "two"},
        {"id": "1", "status": "queued", "run": True},
        {"id": "1", "status": "queued", "queue": []},
        {"id": "1", "status": "queued", "created_at": "yesterday"},
        {"id": "1", "status": "failed", "error": {"code": "x"}},
    ],
)
def test_what_is_no_job_is_complained_about(wrong: object) -> None:
    with pytest.raises(BadAnswer):
        read_job(wrong)
