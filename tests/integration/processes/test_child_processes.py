"""Child processes: they die with their parent, and only with it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from common.processes import child_processes
from tests.support.platforms import linux_only

DEADLINE_S = 30.0
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def wait_until_gone(pid: int) -> None:
    """Return when no such process runs any more."""
    deadline = time.monotonic() + DEADLINE_S
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@linux_only
def test_a_child_dies_when_its_parent_is_killed() -> None:
    script = (
        "import sys, time\n"
        "from common.processes import child_processes\n"
        f"child = child_processes.start_child({SLEEP!r})\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    wait_until_gone(pid)


@linux_only
def test_a_child_outlives_the_thread_that_asked_for_it() -> None:
    started = []
    thread = threading.Thread(target=lambda: started.append(child_processes.start_child(SLEEP)))
    thread.start()
    thread.join()
    [child] = started
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.5)
    finally:
        child_processes.stop_child(child, grace_s=DEADLINE_S)


def test_a_child_is_the_program_itself(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        child = child_processes.start_child(
            ["/bin/sh", "-c", 'echo "$$ $ONLY $PWD"; echo problem >&2; exit 3'],
            env={"ONLY": "this"},
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    assert child.wait(DEADLINE_S) == 3
    said, problem = (tmp_path / "out").read_text().splitlines()
    assert said == f"{child.pid} this {tmp_path}"
    assert problem == "problem"


def test_a_child_has_a_process_group_of_its_own() -> None:
    child = child_processes.start_child(SLEEP)
    try:
        assert os.getpgid(child.pid) == child.pid != os.getpgrp()
    finally:
        assert child_processes.stop_child(child, grace_s=DEADLINE_S) == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    script = (
        "import pathlib, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "pathlib.Path('ready').touch()\n"
        "time.sleep(600)\n"
    )
    child = child_processes.start_child([sys.executable, "-c", script], cwd=tmp_path)
    child_processes.wait_until_ready(
        child, (tmp_path / "ready").exists, name="stubborn", timeout_s=DEADLINE_S
    )
    assert child_processes.stop_child(child, grace_s=0.2) == -signal.SIGKILL
    assert child_processes.stop_child(child, grace_s=0.2) == -signal.SIGKILL


def test_a_child_that_ends_at_once_is_told_from_a_slow_one() -> None:
    child = child_processes.start_child([sys.executable, "-c", "raise SystemExit(4)"])
    with pytest.raises(
        child_processes.ChildNotReady, match="broken ended at once with exit code 4"
    ):
        child_processes.wait_until_ready(child, lambda: False, name="broken", timeout_s=DEADLINE_S)
    slow = child_processes.start_child(SLEEP)
    try:
        with pytest.raises(child_processes.ChildNotReady, match="slow did not answer within"):
            child_processes.wait_until_ready(slow, lambda: False, name="slow", timeout_s=0.1)
    finally:
        child_processes.stop_child(slow, grace_s=DEADLINE_S)


@linux_only
def test_a_program_that_is_not_there_is_seen_by_its_exit_code(tmp_path: Path) -> None:
    with (tmp_path / "err").open("wb") as err:
        child = child_processes.start_child(["no-such-program-anywhere"], stderr=err)
    assert child.wait(DEADLINE_S) == 127
    assert "cannot start no-such-program-anywhere" in (tmp_path / "err").read_text()
