"""The command that runs everything: killed, started again, started twice."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from common.processes.pid_file import read_pid
from tests.e2e.stack import ROOT, Stack, running_stack, until
from tests.support.photos import flat_photo
from tests.support.platforms import linux_only
from tests.support.supervised import is_running

NAMES = ("redis", "keeper", "api", "worker-1", "worker-1-supervisor")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service keeps everything."""
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def stack(directory: Path) -> Iterator[Stack]:
    """A service with all its built-in styles; the last test of this file kills it."""
    with running_stack(directory) as stack:
        yield stack


def test_a_second_stack_on_the_same_directory_is_refused_and_harms_nothing(stack: Stack) -> None:
    pids = [stack.pid(name) for name in NAMES]
    command = [sys.executable, "-m", "deploy.local", "up", "--port", "0"]
    second = subprocess.run(
        [*command, "--data", str(stack.layout.root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"process {stack.process.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    assert [read_pid(stack.layout.pid(name)) for name in NAMES] == pids
    assert httpx.get(f"{stack.url}/readyz").status_code == 200


@linux_only
def test_a_killed_stack_leaves_nobody_behind_and_the_next_one_goes_on(
    directory: Path, stack: Stack
) -> None:
    body = {"image": flat_photo((200, 90, 30))}
    sent = httpx.post(f"{stack.url}/v1/jobs", files=body, headers={"Prefer": "wait=60"})
    assert sent.json()["status"] == "succeeded"
    pids = [stack.pid(name) for name in NAMES]
    stack.process.kill()
    until(lambda: not any(map(is_running, pids)), "all have ended")
    with running_stack(directory, env={"CELSHADE_STYLES": "ink"}) as second:
        again = httpx.post(f"{second.url}/v1/jobs", files=body)
        kept = httpx.get(f"{second.url}/v1/jobs/{sent.json()['id']}")
    assert (again.status_code, again.json()["cache"]["status"]) == (201, "hit")
    assert kept.json()["output"]["sha256"] == sent.json()["output"]["sha256"]
