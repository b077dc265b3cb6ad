"""The command that runs everything: killed, started again, started twice."""

import subprocess
import sys
from pathlib import Path

import httpx

from deploy.local.data_directory import read_pid
from tests.e2e.stack import ROOT, running_stack, until
from tests.support.photos import flat_photo
from tests.support.platforms import linux_only
from tests.support.supervised import is_running

NAMES = ("redis", "keeper", "api", "worker-1", "worker-1-supervisor")


@linux_only
def test_a_killed_stack_leaves_nobody_behind_and_the_next_one_goes_on(tmp_path: Path) -> None:
    with running_stack(tmp_path) as first:
        body = {"image": flat_photo((200, 90, 30))}
        sent = httpx.post(f"{first.url}/v1/jobs", files=body, headers={"Prefer": "wait=60"})
        assert sent.json()["status"] == "succeeded"
        pids = [first.pid(name) for name in NAMES]
        first.process.kill()
        until(lambda: not any(map(is_running, pids)), "all have ended")
    with running_stack(tmp_path) as second:
        again = httpx.post(f"{second.url}/v1/jobs", files=body)
        kept = httpx.get(f"{second.url}/v1/jobs/{sent.json()['id']}")
    assert (again.status_code, again.json()["cache"]["status"]) == (201, "hit")
    assert kept.json()["output"]["sha256"] == sent.json()["output"]["sha256"]


def test_a_second_stack_on_the_same_directory_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    with running_stack(tmp_path) as stack:
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
