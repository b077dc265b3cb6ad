"""The server as a process: its end, its death, its pid file, its complaints at start."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from common.processes import child_processes
from tests.integration.api.intake_server import (
    DEADLINE_S,
    ROOT,
    answers,
    command,
    free_port,
    running,
    wait_until,
)


def alive(pid: int) -> bool:
    """Whether a process runs (one that waits to be reaped does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_sigterm_lets_requests_in_flight_end(tmp_path: Path) -> None:
    with running(tmp_path) as server, ThreadPoolExecutor() as threads:
        assert (tmp_path / "api.pid").read_text().strip() == str(server.process.pid)
        held = threads.submit(httpx.get, server.url + "/hold", timeout=DEADLINE_S)
        wait_until((tmp_path / "holding").exists, "the request is being served")
        server.process.terminate()
        wait_until(lambda: not answers(server), "new requests are refused")
        (tmp_path / "release").touch()
        assert held.result().json() == {"held": True}
        assert server.process.wait(DEADLINE_S) == 0
    assert not (tmp_path / "api.pid").exists()


def test_handlers_that_wait_are_told_of_the_end(tmp_path: Path) -> None:
    with running(tmp_path) as server, ThreadPoolExecutor() as threads:
        url = server.url + "/hold-until-stopping"
        held = threads.submit(httpx.get, url, timeout=DEADLINE_S)
        wait_until((tmp_path / "holding").exists, "the request is being served")
        server.process.terminate()
        assert held.result().json() == {"held": True}


def test_when_the_master_is_killed_the_port_is_free_and_requests_in_flight_end(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as server, ThreadPoolExecutor() as threads:
        wait_until(lambda: len(server.worker_pids()) == 2, "both children run")
        orphans = server.worker_pids()
        held = threads.submit(httpx.get, server.url + "/hold", timeout=DEADLINE_S)
        wait_until((tmp_path / "holding").exists, "the request is being served")
        server.process.kill()
        server.process.wait(DEADLINE_S)
        with running(tmp_path, port=server.port) as successor:
            wait_until(lambda: len(successor.worker_pids()) == 2, "the successor listens")
            wait_until(lambda: answers(successor), "the successor serves")
            assert any(map(alive, orphans))
            (tmp_path / "release").touch()
            assert held.result().json() == {"held": True}
            wait_until(lambda: not any(map(alive, orphans)), "the children are gone")


def test_a_worker_process_that_is_killed_is_started_again(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        wait_until(lambda: len(server.worker_pids()) == 2, "both children run")
        first = set(server.worker_pids())
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(set(server.worker_pids()) - first) == 2, "two new ones run")
        wait_until(lambda: answers(server), "they serve")


def complaint(run_dir: Path, **spec: object) -> tuple[int, str]:
    """Start a server that cannot start; its exit code and all it printed."""
    log = run_dir / "log"
    words = command(**{"port": free_port(), "run_dir": run_dir, "limits": {}, **spec})
    with log.open("wb") as output:
        process = child_processes.start_child(
            words, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
    return process.wait(DEADLINE_S), log.read_text()


def test_an_address_that_is_not_ours_is_told_in_a_sentence(tmp_path: Path) -> None:
    code, text = complaint(tmp_path, host="192.0.2.1")
    assert code != 0
    assert "Cannot listen on 192.0.2.1:" in text
    assert "Traceback" not in text


def test_a_fault_in_the_settings_is_told_in_a_sentence(tmp_path: Path) -> None:
    code, text = complaint(tmp_path, fault="the keys file is not there")
    assert code != 0
    assert "the keys file is not there" in text
    assert "Traceback" not in text
    assert not (tmp_path / "api.pid").exists()


def test_the_server_does_not_tell_its_version(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        assert not any(char.isdigit() for char in httpx.get(server.url).headers["Server"])
