"""The supervisor over real processes that really die."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from common.processes.pid_file import is_alive, read_pid
from common.processes.supervised_process import State
from common.processes.supervisor import StartFailed
from deploy.local.data_directory import tail
from tests.support.platforms import linux_only
from tests.support.supervised import DEADLINE_S, Supervised, is_running, program, supervised, until

# Writes its name down when it is told to end.
TELLS = """
import signal, sys
def end(*_):
    with open(sys.argv[2], "a") as file:
        file.write(sys.argv[1] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("awake", flush=True)
while True:
    signal.pause()
"""
STUBBORN = "import signal; signal.signal(15, signal.SIG_IGN); print('awake', flush=True)\n" + (
    "while True: signal.pause()"
)
# Starts a child in its own group and writes the child's pid down.
PARENT = """
import pathlib, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
signal.pause()
"""
# A stack of one process, to be killed itself.
STACK = """
import sys, threading
from pathlib import Path
from tests.support.supervised import Record, program
from common.processes.supervisor import Supervisor
programs = [program(Path(sys.argv[1]), "child")]
Supervisor(programs, Record()).run(threading.Event(), on_ready=lambda: print("ready", flush=True))
"""


def test_a_killed_process_comes_back_and_its_death_is_told(tmp_path: Path) -> None:
    with supervised([program(tmp_path, "api")]) as run:
        until(run.ready.is_set, "the process runs")
        first = run.seen.pid("api")
        os.kill(first, signal.SIGKILL)
        until(lambda: run.seen.now["api"].restarts == 1, "its death is noticed")
        until(lambda: run.seen.state("api") is State.RUNNING, "it runs again")
        second = run.seen.pid("api")
        assert second != first
        assert read_pid(tmp_path / "api.pid") == second
    assert not is_alive(second)
    assert not (tmp_path / "api.pid").exists()
    (death,) = run.seen.deaths
    assert (death.name, death.how) == ("api", "was killed by SIGKILL")


def test_all_stop_in_the_reverse_order_of_their_start(tmp_path: Path) -> None:
    order = tmp_path / "order"
    kinds = ("redis", "keeper", "worker", "worker", "api")
    names = [f"{kind}-{number}" for number, kind in enumerate(kinds)]
    programs = [
        program(tmp_path, name, TELLS, name, str(order), kind=kind)
        for name, kind in zip(names, kinds, strict=True)
    ]
    with supervised(programs) as run:
        until(
            lambda: all("awake" in tail(tmp_path / f"{name}.log") for name in names),
            "all listen to signals",
        )
    told = [name.partition("-")[0] for name in order.read_text().split()]
    assert told == ["api", "worker", "worker", "keeper", "redis"]
    assert all(status.state is State.STOPPED for status in run.seen.now.values())


def test_others_wait_for_a_server_until_it_serves(tmp_path: Path) -> None:
    serves = tmp_path / "serves"
    redis = program(tmp_path, "redis", is_ready=serves.exists, is_needed_first=True)
    with supervised([redis, program(tmp_path, "api")]) as run:
        until(lambda: run.seen.state("redis") is State.STARTING, "the server starts")
        assert run.seen.state("api") is State.NEW
        assert not run.ready.is_set()
        serves.touch()
        until(run.ready.is_set, "both run")
        assert run.seen.state("api") is State.RUNNING


def test_a_process_that_never_serves_ends_the_start_with_its_words(tmp_path: Path) -> None:
    broken = program(tmp_path, "keeper", "import sys; sys.exit('no such setting')", kind="keeper")
    served = program(tmp_path, "api", is_ready=lambda: False)
    run = Supervised([broken, served])
    with pytest.raises(StartFailed, match=r"keeper ended with exit code 1, 3 times") as failure:
        run.run()
    assert {status.state for status in run.seen.now.values()} == {State.STOPPED}
    assert "no such setting" in (tmp_path / f"{failure.value.name}.log").read_text()


def test_once_all_have_run_a_process_is_started_again_however_often_it_dies(
    tmp_path: Path,
) -> None:
    trouble = tmp_path / "trouble"
    code = "import pathlib, signal, sys\nif pathlib.Path(sys.argv[1]).exists(): sys.exit(7)\n"
    with supervised([program(tmp_path, "api", code + "signal.pause()", str(trouble))]) as run:
        until(run.ready.is_set, "the process runs")
        trouble.touch()
        os.kill(run.seen.pid("api"), signal.SIGKILL)
        until(lambda: len(run.seen.deaths) == 4, "it has died again and again")
        trouble.unlink()
        deaths = len(run.seen.deaths)
        until(lambda: run.seen.state("api") is State.RUNNING, "it runs again")
        pauses = [death.again_in_s for death in run.seen.deaths[:deaths]]
        assert pauses == sorted(pauses)
        assert len(set(pauses)) == deaths


def test_a_disk_that_refuses_ends_nobody_and_is_tried_again(tmp_path: Path) -> None:
    directory = tmp_path / "disk"
    directory.mkdir()
    with supervised([program(directory, "api")]) as run:
        until(run.ready.is_set, "the process runs")
        away = directory.rename(tmp_path / "away")
        os.kill(run.seen.pid("api"), signal.SIGKILL)
        until(lambda: len(run.seen.deaths) == 3, "it cannot be started again")
        assert run.seen.deaths[-1].how == "cannot be started (No such file or directory)"
        away.rename(directory)
        until(lambda: run.seen.state("api") is State.RUNNING, "it runs again")
        until(lambda: read_pid(directory / "api.pid") == run.seen.pid("api"), "its pid is there")


def test_a_process_runs_before_its_pid_can_be_written(tmp_path: Path) -> None:
    pid_file = tmp_path / "later" / "api.pid"
    with supervised([replace(program(tmp_path, "api"), pid_file=pid_file)]) as run:
        until(run.ready.is_set, "the process runs")
        pid_file.parent.mkdir()
        until(lambda: read_pid(pid_file) == run.seen.pid("api"), "its pid is there")
        assert list(pid_file.parent.iterdir()) == [pid_file]


def test_a_process_that_will_not_stop_is_killed_after_its_grace(tmp_path: Path) -> None:
    with supervised([program(tmp_path, "worker", STUBBORN, grace_s=0.2)]) as run:
        until(lambda: "awake" in tail(tmp_path / "worker.log"), "it ignores SIGTERM")
        pid = run.seen.pid("worker")
    assert not is_alive(pid)


def test_hurry_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    with supervised([program(tmp_path, "worker", STUBBORN, grace_s=10 * DEADLINE_S)]) as run:
        until(lambda: "awake" in tail(tmp_path / "worker.log"), "it ignores SIGTERM")
        pid = run.seen.pid("worker")
        run.supervisor.hurry.set()
    assert not is_alive(pid)


def test_the_children_of_a_killed_process_do_not_outlive_it(tmp_path: Path) -> None:
    grandchild = tmp_path / "grandchild"
    with supervised([program(tmp_path, "api", PARENT, str(grandchild))]) as run:
        until(grandchild.exists, "it has a child")
        until(lambda: read_pid(grandchild) is not None, "the child's pid is written")
        pid = int(grandchild.read_text())
        os.kill(run.seen.pid("api"), signal.SIGKILL)
        until(lambda: not is_running(pid), "the child is gone")


@linux_only
def test_nothing_outlives_a_killed_stack(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STACK, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as stack:
        assert stack.stdout is not None
        assert stack.stdout.readline() == "ready\n"
        pid = read_pid(tmp_path / "child.pid")
        assert pid is not None
        assert is_running(pid)
        stack.kill()
        until(lambda: not is_running(pid), "the child is gone")
