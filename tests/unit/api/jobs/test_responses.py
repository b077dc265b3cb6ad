"""Job answers: what the headers say of a job."""

from dataclasses import replace

import pytest

from api.jobs.responses import cache_status, retry_after_s
from common.jobs import CacheStatus, JobStatus
from tests.unit.api.sample_jobs import OPEN


@pytest.mark.parametrize(
    ("cache", "status", "header"),
    [
        (CacheStatus.HIT, JobStatus.SUCCEEDED, "celshade; hit"),
        (CacheStatus.MISS, JobStatus.QUEUED, "celshade; fwd=miss; stored"),
        (CacheStatus.MISS, JobStatus.FAILED, "celshade; fwd=miss"),
        (CacheStatus.JOINED, JobStatus.RUNNING, "celshade; fwd=miss; collapsed"),
        (CacheStatus.BYPASS, JobStatus.QUEUED, "celshade; fwd=request"),
    ],
)
def test_cache_status(cache: CacheStatus, status: JobStatus, header: str) -> None:
    assert cache_status(replace(OPEN, cache=cache, status=status)) == header


@pytest.mark.parametrize(
    ("status", "eta_s", "seconds"),
    [
        (JobStatus.QUEUED, 0.0, 1),
        (JobStatus.QUEUED, 3.2, 4),
        (JobStatus.QUEUED, 500.0, 10),
        (JobStatus.QUEUED, None, 5),
        (JobStatus.RUNNING, None, 1),
    ],
)
def test_retry_after_follows_the_line(status: JobStatus, eta_s: float | None, seconds: int) -> None:
    assert retry_after_s(replace(OPEN, status=status, eta_s=eta_s)) == seconds
