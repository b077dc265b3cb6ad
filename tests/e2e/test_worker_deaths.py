"""Workers that die, freeze or are poisoned: no job is lost, none ends twice."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.caller import Caller, Job
from tests.e2e.conftest import Calling
from tests.e2e.memory_killer import memory_killer
from tests.e2e.stack import Stack, until
from tests.support.photos import flat_photo
from tests.support.platforms import linux_only
from tests.support.styles import BLUE, GREEN, RED, YELLOW

# The figures that must hold, and how often they are tried: a busy machine may miss them once.
CLAIMED_WITHIN_S = 8.0
FINISHED_WITHIN_S = 10.0
TRIES = 3


def _worker_of(stack: Stack, job: Job) -> str:
    """Name of the worker process that claimed a job last, from its log."""
    for name in ("worker-1", "worker-2"):
        if job["id"] in stack.logs(name):
            return name
    raise AssertionError("no worker claimed it")


def _kill_in_mid_job(caller: Caller, stack: Stack, gate: Path, number: int) -> tuple[float, float]:
    """Kill the worker that holds a job; returns seconds until the other claimed, and finished."""
    gate.unlink(missing_ok=True)
    job = caller.submit(flat_photo(BLUE, number=number, size=(512, 512)), style="marked")
    caller.wait_for(job["id"], "running")
    stack_name = _until_logged(stack, job)
    before = stack.kill(stack_name)
    killed_s = time.monotonic()
    gate.touch()

    def is_claimed_again() -> bool:
        return int(caller.job(job["id"])["attempts"]) == 2

    until(is_claimed_again, "the other worker claims it")
    claimed_s = time.monotonic() - killed_s
    ended = caller.wait_for(job["id"])
    finished_s = time.monotonic() - killed_s
    assert (ended["status"], ended["attempts"]) == ("succeeded", 2)
    stack.wait_for_successor(stack_name, before)
    until(lambda: _ready_workers(caller) == 2, "both workers are ready again")
    return claimed_s, finished_s


def _until_logged(stack: Stack, job: Job) -> str:
    until(lambda: any(job["id"] in stack.logs(f"worker-{n}") for n in (1, 2)), "it is logged")
    return _worker_of(stack, job)


def _ready_workers(caller: Caller) -> int:
    styles = caller.http.get("/v1/styles").json()["data"]
    return int(next(style for style in styles if style["name"] == "marked")["workers"]["ready"])


def test_another_worker_takes_over_within_seconds(
    call: Calling, two_workers: Stack, gate: Path, audited: Callable[[Stack], None]
) -> None:
    figures = []
    for number in range(TRIES):
        figures.append(_kill_in_mid_job(call(two_workers), two_workers, gate, number))
        claimed_s, finished_s = figures[-1]
        if claimed_s <= CLAIMED_WITHIN_S and finished_s <= FINISHED_WITHIN_S:
            break
    else:
        raise AssertionError(f"claimed and finished after {figures} s")
    audited(two_workers)


def test_a_worker_frozen_past_its_lease_changes_nothing_when_it_wakes(
    call: Calling, two_workers: Stack, closed_gate: Path, audited: Callable[[Stack], None]
) -> None:
    caller = call(two_workers)
    job = caller.submit(flat_photo(BLUE, number=77), style="marked")
    caller.wait_for(job["id"], "running")
    with two_workers.frozen(_until_logged(two_workers, job)):
        closed_gate.touch()
        ended = caller.wait_for(job["id"])
        assert (ended["status"], ended["attempts"]) == ("succeeded", 2)
    until(lambda: _late_results(two_workers) > 0, "the late result was refused, or never stored")
    after = caller.job(job["id"])
    for name in ("status", "run", "attempts", "completed_at", "expires_at", "metrics"):
        assert after[name] == ended[name]
    assert after["output"]["url"].split("?")[0] == ended["output"]["url"].split("?")[0]
    audited(two_workers)


def _late_results(stack: Stack) -> int:
    logs = stack.logs("worker-1") + stack.logs("worker-2")
    return logs.count('"refused"') + logs.count('"render left"')


def assert_poison_dies_alone(
    caller: Caller, gate: Path, colour: tuple[int, int, int], first: int
) -> None:
    """Claim a poisonous photo together with 15 good ones; it ends as lost, they as pictures."""
    # One photo holds the engine, so that all others are claimed before any forward begins.
    held = caller.submit(flat_photo(BLUE, number=first), style="marked")
    good = [flat_photo((120, 130, 100 + n), number=first + n) for n in range(14)]
    jobs = [held, *caller.submit_all(good, style="marked")]
    poison = caller.submit(flat_photo(colour), style="marked")
    for job in [*jobs, poison]:
        caller.wait_for(job["id"], "running")
    gate.touch()
    ended = caller.wait_for(poison["id"])
    assert (ended["status"], ended["attempts"]) == ("failed", 3), ended
    assert ended["error"]["code"] == "worker_lost"
    for job in caller.wait_for_all(jobs):
        assert job["status"] == "succeeded", job
        assert job["attempts"] <= 2, job
    letters = caller.http.get("/v1/admin/dead").json()["data"]
    (letter,) = [letter for letter in letters if letter["job_id"] == poison["id"]]
    assert (letter["code"], letter["attempts"]) == ("worker_lost", 3)
    assert f"celshade_dead_letters {len(letters):.1f}" in caller.http.get("/metrics").text


def test_poison_that_crashes_dies_alone(
    call: Calling, one_worker: Stack, closed_gate: Path, audited: Callable[[Stack], None]
) -> None:
    assert_poison_dies_alone(call(one_worker), closed_gate, RED, first=500)
    audited(one_worker)


@linux_only
def test_poison_that_eats_memory_dies_alone(
    call: Calling, one_worker: Stack, closed_gate: Path, audited: Callable[[Stack], None]
) -> None:
    caller = call(one_worker)
    # Whoever came after the last death must be ready: its memory is what more is measured from.
    caller.wait_for(caller.submit(flat_photo(GREEN, number=599), style="marked")["id"])
    with memory_killer(one_worker, "worker-1") as killer:
        assert_poison_dies_alone(caller, closed_gate, YELLOW, first=600)
    assert len(killer.killed) == 3, killer.killed
    audited(one_worker)
