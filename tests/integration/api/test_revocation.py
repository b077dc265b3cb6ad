"""The service as it is run: two API processes under gunicorn, keys made and revoked beside them."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from common.processes import child_processes
from tests.integration.api.intake_server import DEADLINE_S, ROOT, free_port, wait_until

MANY = 30  # requests over new connections: both processes take some of them
PROCESSES = 2


@contextlib.contextmanager
def running_api(directory: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run `python -m api` for as long as the block lasts, and give its address."""
    port = free_port()
    with (directory / "api.log").open("ab") as log:
        process = child_processes.start_child(
            [sys.executable, "-m", "api"],
            env={
                **environment,
                "CELSHADE_API_PORT": str(port),
                "CELSHADE_API_PROCESSES": str(PROCESSES),
            },
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"

    def is_up() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{url}/healthz", timeout=DEADLINE_S).status_code == 200
        return False

    try:
        child_processes.wait_until_ready(process, is_up, name="api", timeout_s=DEADLINE_S)
        yield url
    finally:
        child_processes.stop_child(process, grace_s=DEADLINE_S)


@pytest.fixture
def environment(clean_redis_url: str, tmp_path: Path) -> dict[str, str]:
    """What the API and the command are told."""
    return {
        **os.environ,
        "CELSHADE_REDIS_URL": clean_redis_url,
        "CELSHADE_OBJECTS": "local",
        "CELSHADE_DATA_DIR": str(tmp_path / "data"),
    }


def command(environment: dict[str, str], *words: str) -> str:
    """Run `python -m api keys` and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "api", "keys", *words],
        env=environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    ).stdout.strip()


def statuses(url: str, key: str | None) -> set[int]:
    """What many requests with a key are answered."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return {
        httpx.get(f"{url}/v1/usage", headers=headers, timeout=DEADLINE_S).status_code
        for _ in range(MANY)
    }


def test_every_process_knows_what_the_command_did(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with running_api(tmp_path, environment) as url:
        assert statuses(url, None) == {200}
        ann, bob = (command(environment, "create", name) for name in ("ann", "bob"))
        wait_until(lambda: statuses(url, None) == {401}, "no key, no answer")
        assert statuses(url, ann) == statuses(url, bob) == {200}
        command(environment, "revoke", ann[:11])
        wait_until(lambda: statuses(url, ann) == {401}, "the revoked key is refused")
        assert statuses(url, bob) == {200}
    assert ann not in (tmp_path / "api.log").read_text()
