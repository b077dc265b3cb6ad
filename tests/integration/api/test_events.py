"""Watching a job, over real connections to a server of four threads: one of them may stream."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.callers import Scope, digest_of, new_key, prefix_of
from common.jobs import Stage
from tests.integration.api.intake_server import DEADLINE_S, wait_until
from tests.integration.api.real_service import RealService, running
from tests.support.photos import photo

Json = dict[str, Any]


@pytest.fixture
def service(clean_redis_url: str, tmp_path: Path) -> Iterator[RealService]:
    """A running service of one process."""
    with running(clean_redis_url, tmp_path) as service:
        yield service


@contextmanager
def watched(service: RealService, job: Json, **headers: str) -> Iterator[Iterator[Json]]:
    """Watch a job for as long as the block lasts."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with service.http.stream("GET", job["urls"]["events"], headers=named) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        yield snapshots(answer)


def snapshots(answer: httpx.Response) -> Iterator[Json]:
    """Yield the data of the events."""
    for line in answer.iter_lines():
        if line.startswith("data: "):
            snapshot: Json = json.loads(line.removeprefix("data: "))
            yield snapshot


def submitted(service: RealService, **headers: str) -> Json:
    """Submit a photo."""
    files = {"image": ("sea.jpg", photo())}
    job: Json = service.http.post("/v1/jobs", files=files, headers=headers).json()
    return job


def lasting(job: Json) -> Json:
    """What of a job does not change from look to look: links are signed anew."""
    links = ("url", "url_expires_at")
    output = {name: value for name, value in job["output"].items() if name not in links}
    return {**job, "output": output}


def test_a_job_is_seen_from_its_line_to_its_end(service: RealService) -> None:
    job = submitted(service)
    with watched(service, job) as events:
        first = next(events)
        claim = service.worker.claim()
        service.worker.at(claim, Stage.RENDERING)
        rendering = next(event for event in events if event["progress"]["stage"] == "rendering")
        service.worker.finish(claim)
        rest = list(events)

    assert (first["id"], first["status"]) == (job["id"], "queued")
    assert rendering["status"] == "running"
    assert lasting(rest[-1]) == lasting(service.http.get(job["urls"]["self"]).json())
    assert [event["status"] for event in rest].count("succeeded") == 1


def test_nothing_is_sent_while_nothing_changes(service: RealService) -> None:
    job = submitted(service)
    claim = service.worker.claim()
    with watched(service, job) as events:
        seen = [next(events)]
        service.http.get(job["urls"]["self"])  # a look is no change
        service.worker.finish(claim)
        seen += events

    assert all(one != other for one, other in itertools.pairwise(seen))
    assert (seen[0]["status"], seen[-1]["status"]) == ("running", "succeeded")


@pytest.mark.parametrize("last", ["", "0", "\u20ac", "x" * 500])
def test_what_has_ended_is_one_event(service: RealService, last: str) -> None:
    job = submitted(service)
    service.worker.work_once()
    headers = {"Last-Event-ID": last.encode()}
    answer = httpx.get(job["urls"]["events"], headers=headers, timeout=DEADLINE_S)  # type: ignore[arg-type]  # httpx takes bytes

    assert [event["status"] for event in snapshots(answer)] == ["succeeded"]


def test_a_job_that_is_not_there_is_a_problem(service: RealService) -> None:
    answer = service.http.get(f"/v1/jobs/{'0' * 32}/events")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_only_a_quarter_of_the_threads_may_stream(service: RealService) -> None:
    job = submitted(service)
    with watched(service, job) as events:
        next(events)
        refused = service.http.get(job["urls"]["events"])
        assert (refused.status_code, refused.json()["code"]) == (503, "queue_full")
        assert int(refused.headers["Retry-After"]) > 0
        polled = service.http.get(job["urls"]["self"], headers={"Prefer": "wait=1"})
        assert polled.headers["Preference-Applied"] == "wait=1"  # there is room for who waits


def test_a_client_that_goes_away_frees_its_thread(service: RealService) -> None:
    job = submitted(service)
    with watched(service, job) as events:
        next(events)

    def may_watch() -> bool:
        with service.http.stream("GET", job["urls"]["events"]) as answer:
            return answer.status_code == 200

    wait_until(may_watch, "the thread is free, long before the first heartbeat")


def test_a_job_that_is_deleted_ends_its_stream(service: RealService) -> None:
    job = submitted(service)
    with watched(service, job) as events:
        next(events)
        service.http.delete(job["urls"]["self"])
        rest = list(events)

    assert [event["status"] for event in rest if event["status"] == "succeeded"] == []


def test_a_server_that_stops_ends_its_streams(service: RealService) -> None:
    with watched(service, submitted(service)) as events:
        next(events)
        service.process.terminate()
        assert list(events) == []
        assert service.process.wait(DEADLINE_S) == 0


def test_a_revoked_key_sees_no_more(service: RealService) -> None:
    key = new_key()
    service.store.api_keys.add(
        prefix=prefix_of(key),
        sha256=digest_of(key),
        name="ann",
        scopes={Scope.JOBS},
        share={},
    )
    wait_until(lambda: service.http.get("/v1/styles").status_code == 401, "the key is known")
    shown = f"Bearer {key}"
    job = submitted(service, Authorization=shown)
    with watched(service, job, Authorization=shown) as events:
        next(events)
        service.store.api_keys.revoke(prefix_of(key))
        assert [event["status"] for event in events if event["status"] != "queued"] == []

    refused = service.http.get(job["urls"]["events"], headers={"Authorization": shown})
    assert refused.status_code == 401
