"""Photos that are weapons: each fails alone and at once; the worker does not even notice."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.e2e.caller import Caller, Job
from tests.e2e.conftest import Auditor, Calling
from tests.e2e.stack import Stack, running_stack, until
from tests.support.codec_processes import codec_pids, command_line, cpu_s
from tests.support.photos import flat_photo, memory_bomb, scan_bomb

PROCESSES = 2
CPU_S = 3
# What a busy machine may add to the limit: the wall's share of it, the queue, the polling.
LATEST_S = 4 * CPU_S + 30


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {
        "CELSHADE_STYLES": "ink",
        "CELSHADE_DECODE_PROCESSES": str(PROCESSES),
        "CELSHADE_DECODE_CPU_S": str(CPU_S),
        "CELSHADE_DECODE_MEMORY_MB": "150",
    }
    with running_stack(tmp_path_factory.mktemp("stack"), env=settings) as stack:
        yield stack


@pytest.fixture
def caller(call: Calling, stack: Stack) -> Caller:
    return call(stack)


@pytest.fixture(autouse=True)
def unharmed(stack: Stack, caller: Caller, audited: Auditor) -> Iterator[None]:
    """After each test the same worker serves, with all its processes, and nothing is left over."""
    worker = stack.pid("worker-1")
    until(lambda: len(codec_pids(worker)) == PROCESSES, "all processes that decode are there")
    yield
    good = caller.submit(flat_photo((9, 99, 199)), headers={"Cache-Control": "no-cache"})
    assert caller.wait_for(good["id"])["status"] == "succeeded"
    assert stack.pid("worker-1") == worker
    assert command_line(worker)
    until(lambda: len(codec_pids(worker)) == PROCESSES, "all processes that decode are there again")
    audited(stack)


def assert_failed_at_once(job: Job) -> None:
    assert (job["status"], job["attempts"]) == ("failed", 1), job
    assert job["error"]["code"] == "decode_failed"


def test_a_scan_bomb_fails_within_its_limit(caller: Caller) -> None:
    begun_s = time.monotonic()
    bomb = caller.submit(scan_bomb(), size=256)
    good = caller.submit_all([flat_photo((50, 60, n), number=n) for n in range(1, 6)], size=256)
    assert {job["status"] for job in caller.wait_for_all(good)} == {"succeeded"}
    assert_failed_at_once(caller.wait_for(bomb["id"]))
    assert time.monotonic() - begun_s < LATEST_S


def test_the_same_bomb_is_refused_without_a_worker(caller: Caller, stack: Stack) -> None:
    bomb = scan_bomb(scans=20_001)
    assert_failed_at_once(caller.wait_for(caller.submit(bomb, size=256)["id"]))
    with stack.frozen("worker-1"):
        again = caller.wait_for(caller.submit(bomb, size=256)["id"])
    assert again["error"]["code"] == "decode_failed"


@pytest.mark.parametrize("name", ["WEBP", "PNG"])
def test_a_memory_bomb_fails_at_once(caller: Caller, name: str) -> None:
    bomb = memory_bomb(name, side_px=6001)
    assert_failed_at_once(caller.wait_for(caller.submit(bomb, size=256)["id"]))


def test_a_decoder_that_crashes_costs_its_photo(caller: Caller, stack: Stack) -> None:
    worker = stack.pid("worker-1")
    before_s = {pid: cpu_s(pid) for pid in codec_pids(worker)}
    job = caller.submit(scan_bomb(scans=20_002), size=256)
    at_work: list[int] = []

    def is_at_work() -> bool:
        at_work[:] = [pid for pid, cpu in before_s.items() if cpu_s(pid) > cpu + 0.3]
        return bool(at_work)

    until(is_at_work, "a codec is in the middle of it")
    os.kill(at_work[0], signal.SIGSEGV)
    assert_failed_at_once(caller.wait_for(job["id"]))
    assert "SIGSEGV" in stack.logs("worker-1")


def test_decoders_that_are_killed_cost_nothing(caller: Caller, stack: Stack) -> None:
    """Also one that is killed while it starts."""
    for number in range(5):
        for pid in codec_pids(stack.pid("worker-1")):
            os.kill(pid, signal.SIGKILL)
        job = caller.wait_for(caller.submit(flat_photo((200, 10, 90), number=number))["id"])
        assert (job["status"], job["attempts"]) == ("succeeded", 1), job
