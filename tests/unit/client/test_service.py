"""What a server tells of itself: read with its types, and what is new kept as it came."""

import httpx
import pytest

from celshade import BadAnswer, Client
from celshade.client.service import read_limits, read_load, read_usage


def test_limits_are_read() -> None:
    limits = read_limits(
        {"max_upload_bytes": 5, "content_types": ["image/jpeg", "image/heic"], "max_wait": 60}
    )
    assert (limits.max_upload_bytes, limits.max_batch_photos) == (5, None)
    assert limits.content_types == ("image/jpeg", "image/heic")
    assert limits.raw["max_wait"] == 60


def test_load_is_read() -> None:
    load = read_load({"waiting": 3, "running": 2, "workers": {"ready": 1, "starting": 4}})
    assert (load.waiting, load.running, load.workers_ready, load.workers_starting) == (3, 2, 1, 4)


def test_usage_is_read() -> None:
    usage = read_usage(
        {
            "caller": "ann",
            "day_ends_at": "2026-01-03T00:00:00.000Z",
            "open_jobs": {"used": 3, "limit": 10, "left": 7},
            "megapixels": {"used": 12.4, "limit": None, "left": None},
            "answers": {"hit": 17},
            "requests": None,
        }
    )
    assert (usage.caller, usage.requests, usage.answers["hit"]) == ("ann", None, 17)
    assert (usage.open_jobs.left, usage.megapixels.used, usage.megapixels.limit) == (7, 12.4, None)


@pytest.mark.parametrize("wrong", [None, [], {"caller": 5}, {"content_types": "x", "waiting": "y"}])
def test_what_is_none_of_them_is_complained_about(wrong: object) -> None:
    for read in (read_limits, read_load, read_usage):
        if wrong == {"caller": 5} and read is not read_usage:
            continue
        with pytest.raises(BadAnswer):
            read(wrong)


def test_all_own_jobs_are_gone_through_page_by_page() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        first = {"data": [{"id": "1", "status": "failed"}], "next_cursor": "c1"}
        last = {"data": [{"id": "2", "status": "failed"}], "next_cursor": None}
        return httpx.Response(200, json=last if "cursor" in asked[-1] else first)

    with Client("http://here", backend=httpx.MockTransport(handler)) as celshade:
        assert [job.id for job in celshade.jobs(status="failed")] == ["1", "2"]
    assert asked == ["status=failed&limit=100", "status=failed&cursor=c1&limit=100"]
