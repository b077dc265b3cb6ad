"""The contract's shapes over real sockets, and the command as a real process."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.api.real_service import RealService
from tests.integration.api.real_service import running as running_service
from tests.integration.client import contract_server
from tests.integration.client.contract_server import World
from tests.integration.client.drawing_service import CLIENT, DEADLINE_S, working
from tests.support.photos import photo

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def world() -> Iterator[World]:
    """A server and its storage, each on an origin of its own."""
    with contract_server.running(World()) as running:
        yield running


@pytest.fixture
def environment(world: World) -> dict[str, str]:
    """The environment the command runs in: this checkout's client, that server, no key."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CELSHADE_")}
    return {**kept, "PYTHONPATH": str(CLIENT), "CELSHADE_URL": world.url}


@pytest.fixture
def celshade(environment: dict[str, str], tmp_path: Path) -> Command:
    """Run the command in a fresh directory and wait for its end."""

    def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "celshade", *arguments],
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    return run


@pytest.fixture
def service(
    clean_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealService]:
    """A service whose worker draws whatever comes."""
    folder = tmp_path_factory.mktemp("service")
    with running_service(clean_redis_url, folder) as service, working(service):
        yield service


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    """A folder with three photos, one of them in a folder of its own, and what is none."""
    folder = tmp_path / "holiday"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(photo(shade=1))
    (folder / "b.png").write_bytes(photo(shade=2, kind="png"))
    (folder / "deep" / "a.jpg").write_bytes(photo(shade=3))
    (folder / "torn.jpg").write_bytes(b"nothing")
    (folder / "notes.txt").write_text("a note")
    return folder
