"""The contract's shapes over real sockets, and the command as a real process."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.client import contract_server
from tests.integration.client.contract_server import World

CLIENT = Path(__file__).parents[3] / "client"
DEADLINE_S = 60.0

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
