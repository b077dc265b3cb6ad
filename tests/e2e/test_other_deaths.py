"""The keeper, the API and Redis die and come back: nothing accepted is lost."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.e2e.caller import Caller, Job
from tests.e2e.conftest import Calling
from tests.e2e.stack import Stack, until
from tests.support.photos import flat_photo
from tests.support.styles import BLUE

REFUSED_WITHIN_S = 3.0
MARGIN_S = 1.0  # for a machine that is busy with other things


def _some_waiting(caller: Caller, first: int) -> list[Job]:
    """Submit work that is claimed and work that waits behind it; the gate holds all of it."""
    photos = [flat_photo(BLUE, number=first + number) for number in range(24)]
    jobs = caller.submit_all(photos, style="marked")
    caller.wait_for(jobs[0]["id"], "running", "queued")
    return jobs


@pytest.mark.parametrize("name", ["keeper", "api", "redis", "worker-1", "worker-1-supervisor"])
def test_nothing_accepted_is_lost(
    call: Calling, one_worker: Stack, closed_gate: Path, audited: Callable[[Stack], None], name: str
) -> None:
    caller = call(one_worker)
    jobs = _some_waiting(caller, first=1000 + 100 * hash_of(name))
    before = one_worker.kill(name)
    one_worker.wait_for_successor(name, before)
    closed_gate.touch()
    ended = caller.wait_for_all(jobs)
    assert [job["status"] for job in ended] == ["succeeded"] * len(jobs)
    assert all(job["attempts"] <= 2 for job in ended)
    audited(one_worker)


def hash_of(name: str) -> int:
    """A small number of a name's own, so that no two tests send the same photo."""
    return sum(name.encode()) % 50


def test_a_frozen_redis_is_said_within_seconds_and_costs_no_attempt(
    call: Calling, one_worker: Stack, closed_gate: Path, audited: Callable[[Stack], None]
) -> None:
    caller = call(one_worker)
    jobs = _some_waiting(caller, first=9000)
    caller.wait_for(jobs[0]["id"], "running")
    with one_worker.frozen("redis"):
        began_s = time.monotonic()
        answer = caller.post(flat_photo((9, 9, 9)), style="marked")
        took_s = time.monotonic() - began_s
        assert answer.status_code == 503
        assert answer.json()["code"] == "store_unavailable"
        assert int(answer.headers["Retry-After"]) >= 1
        assert took_s <= REFUSED_WITHIN_S + MARGIN_S
        assert caller.http.get("/readyz").status_code == 503
        assert caller.http.get("/healthz").status_code == 200
    closed_gate.touch()
    ended = caller.wait_for_all(jobs)
    assert {(job["status"], job["attempts"]) for job in ended} == {("succeeded", 1)}
    audited(one_worker)


def test_a_stopping_worker_gives_back_what_it_cannot_finish(
    call: Calling, one_worker: Stack, closed_gate: Path, audited: Callable[[Stack], None]
) -> None:
    caller = call(one_worker)
    jobs = _some_waiting(caller, first=12000)
    caller.wait_for(jobs[0]["id"], "running")
    before = one_worker.kill("worker-1", signal.SIGTERM)
    one_worker.wait_for_successor("worker-1", before)
    closed_gate.touch()
    ended = caller.wait_for_all(jobs)
    assert {(job["status"], job["attempts"]) for job in ended} == {("succeeded", 1)}
    audited(one_worker)


def test_the_api_refuses_nobody_while_it_comes_back(call: Calling, one_worker: Stack) -> None:
    before = one_worker.kill("api")
    one_worker.wait_for_successor("api", before)

    def is_ready() -> bool:
        try:
            return httpx.get(f"{one_worker.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    until(is_ready, "the API answers again")
