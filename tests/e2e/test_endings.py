"""Jobs that end before their picture: canceled, expired, out of time. Each ends alone."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from common.jobstore.redis_keys import PREFIX
from tests.e2e.caller import Caller
from tests.e2e.conftest import Auditor, Calling
from tests.e2e.stack import Stack, running_stack, until
from tests.support.checkout import ROOT
from tests.support.photos import flat_photo
from tests.support.styles import BLUE, GATE_VARIABLE

LIMIT_S = 5
BEATS = 3  # the first may have been under way already


def wait_for_beats(stack: Stack) -> None:
    """Wait until the worker has renewed its leases: then it knows what nobody waits for."""
    with redis.Redis.from_url(stack.redis_url, decode_responses=True) as connection:
        seen: set[object] = set()

        def has_beaten() -> bool:
            seen.add(tuple(connection.zrange(f"{PREFIX}versions", 0, -1, withscores=True)))
            return len(seen) > BEATS

        until(has_beaten, "the worker beats")


def metric(caller: Caller, name: str) -> float:
    """The value of a metric without labels."""
    lines = caller.http.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def renders_left(stack: Stack) -> int:
    """How many renders the worker has said to have left."""
    return stack.logs("worker-1").count("render left")


def test_a_render_that_nobody_wants_any_more_is_abandoned(
    call: Calling, one_worker: Stack, closed_gate: Path, audited: Auditor
) -> None:
    caller = call(one_worker)
    done, left = metric(caller, "celshade_renders_done_total"), renders_left(one_worker)
    photo = flat_photo(BLUE, number=20_001)
    jobs = [caller.submit(photo, style="marked") for _ in range(2)]
    for job in jobs:
        caller.wait_for(job["id"], "running")
    for job in jobs:
        canceled = caller.http.post(f"/v1/jobs/{job['id']}/cancel").json()
        assert (canceled["status"], canceled["attempts"]) == ("canceled", 1)
    wait_for_beats(one_worker)
    assert metric(caller, "celshade_leases") == 1  # in the forward it cannot be stopped
    closed_gate.touch()
    until(lambda: metric(caller, "celshade_leases") == 0, "the render is abandoned")
    assert metric(caller, "celshade_renders_done_total") == done
    until(lambda: renders_left(one_worker) > left, "the worker says so")
    assert {caller.job(job["id"])["status"] for job in jobs} == {"canceled"}
    again = caller.wait_for(caller.submit(photo, style="marked")["id"])
    assert (again["status"], again["cache"]["status"]) == ("succeeded", "miss")
    audited(one_worker)


def test_a_render_that_somebody_joined_in_between_goes_on(
    call: Calling, one_worker: Stack, closed_gate: Path, audited: Auditor
) -> None:
    caller = call(one_worker)
    done = metric(caller, "celshade_renders_done_total")
    photo = flat_photo(BLUE, number=20_002)
    first = caller.submit(photo, style="marked")
    caller.wait_for(first["id"], "running")
    caller.http.post(f"/v1/jobs/{first['id']}/cancel")
    wait_for_beats(one_worker)
    second = caller.submit(photo, style="marked")
    assert (second["status"], second["cache"]["status"]) == ("running", "joined")
    closed_gate.touch()
    ended = caller.wait_for(second["id"])
    assert (ended["status"], ended["attempts"]) == ("succeeded", 1)
    assert metric(caller, "celshade_renders_done_total") == done + 1
    assert caller.job(first["id"])["status"] == "canceled"
    audited(one_worker)


def test_a_deadline_ends_one_job_alone_started_or_not(
    call: Calling, one_worker: Stack, closed_gate: Path, audited: Auditor
) -> None:
    caller = call(one_worker)
    soon = {"Cancel-After": "2s"}
    photo = flat_photo(BLUE, number=20_003)
    patient = caller.submit(photo, style="marked")
    hasty = caller.submit(photo, style="marked", headers=soon)
    caller.wait_for(hasty["id"], "running", "expired")
    # More than the worker takes at once: the last one waits in line, and nobody ever claims it.
    crowd = caller.submit_all(
        [flat_photo(BLUE, number=20_100 + n) for n in range(40)], style="marked"
    )
    waiting = caller.submit(flat_photo(BLUE, number=20_200), style="marked", headers=soon)
    for job in (hasty, waiting):
        ended = caller.wait_for(job["id"])
        assert (ended["status"], ended["error"], ended["output"]) == ("expired", None, None)
    assert caller.job(waiting["id"])["started_at"] is None
    assert caller.job(patient["id"])["status"] == "running"
    closed_gate.touch()
    ended_all = caller.wait_for_all([patient, *crowd])
    assert {(job["status"], job["attempts"]) for job in ended_all} == {("succeeded", 1)}
    audited(one_worker)


@pytest.fixture
def hasty_stack(tmp_path: Path, closed_gate: Path) -> Iterator[Stack]:
    """A service whose forwards may take five seconds."""
    env = {
        "CELSHADE_EXTRA_STYLES": "tests.support.styles:MarkedStyle",
        "CELSHADE_STYLES": "marked",
        "CELSHADE_EXECUTION_LIMIT_S": str(LIMIT_S),
        "CELSHADE_RENEW_EVERY_S": "0.5",
        "CELSHADE_MAX_BATCH": "2",  # it starts four times: let it be quick at that
        "CELSHADE_DRAIN_S": "1",
        GATE_VARIABLE: str(closed_gate),
    }
    with running_stack(tmp_path, env=env) as stack:
        yield stack


def celshade(stack: Stack, *arguments: str) -> str:
    """Run the client's command and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "celshade", *arguments, "--url", stack.url],
        cwd=ROOT / "client",
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(900)
def test_a_photo_that_hangs_the_model_dies_alone_and_an_operator_revives_it(
    call: Calling, hasty_stack: Stack, closed_gate: Path, audited: Auditor
) -> None:
    caller, stack = call(hasty_stack), hasty_stack
    began_s = time.monotonic()
    hanging = caller.submit(flat_photo(BLUE, number=1), style="marked")
    caller.wait_for(hanging["id"], "running")
    good = caller.submit_all(
        [flat_photo((120, 130, n), number=n) for n in range(100, 112)], style="marked"
    )

    def attempts() -> int:
        return int(caller.job(hanging["id"])["attempts"])

    until(lambda: attempts() == 2, "it is tried again, by a process that takes its time to start")
    until(lambda: attempts() == 3, "it is tried a third time, by another one")
    ended = caller.wait_for(hanging["id"])
    assert (ended["status"], ended["attempts"]) == ("failed", 3), ended
    assert ended["error"]["code"] == "execution_timeout"
    assert time.monotonic() - began_s > 3 * LIMIT_S / 2
    for job in caller.wait_for_all(good):
        assert (job["status"], job["attempts"] <= 2) == ("succeeded", True), job
    assert stack.logs("worker-1").count("a forward is stuck") == 3

    (letter,) = caller.http.get("/v1/admin/dead").json()["data"]
    assert (letter["job_id"], letter["caller"]) == (hanging["id"], "local")
    assert (letter["code"], letter["attempts"]) == ("execution_timeout", 3)
    assert hanging["id"] in celshade(stack, "dead")
    closed_gate.touch()  # what was wrong with the model is mended
    assert celshade(stack, "dead", "--retry-all").split() == [f"{hanging['id']}:", "run", "2"]
    ended = caller.wait_for(hanging["id"])
    assert (ended["status"], ended["run"], ended["attempts"]) == ("succeeded", 2, 1)
    assert "Nothing is dead" in celshade(stack, "dead")
    audited(stack)
