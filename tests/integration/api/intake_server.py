"""Starts and stops the tiny application; what the intake's tests share."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from common.processes import child_processes

ROOT = Path(__file__).resolve().parents[3]
DEADLINE_S = 30.0


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    run_dir: Path
    process: child_processes.Child

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, *first: bytes) -> socket.socket:
        """Open a connection and send some pieces."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S)
        for piece in first:
            connection.sendall(piece)
        return connection

    def worker_pids(self) -> list[int]:
        """Pids of the worker processes."""
        pid = self.process.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(word) for word in text.split()]


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def command(**spec: Any) -> list[str]:
    """The command line that serves a spec."""
    words = json.dumps(spec, default=str)
    return [sys.executable, "-m", "tests.integration.api.intake_app", words]


@contextmanager
def running(
    run_dir: Path, limits: dict[str, float] | None = None, *, port: int | None = None
) -> Iterator[Server]:
    """Run the application with these limits for as long as the block lasts."""
    port = port or free_port()
    with (run_dir / "server.log").open("ab") as log:
        process = child_processes.start_child(
            command(port=port, run_dir=run_dir, limits=limits or {}),
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Server(port, run_dir, process)
    try:
        child_processes.wait_until_ready(
            process, lambda: answers(server), name="api", timeout_s=DEADLINE_S
        )
        yield server
    finally:
        child_processes.stop_child(process, grace_s=DEADLINE_S)


def answers(server: Server) -> bool:
    """Whether a GET is answered."""
    try:
        return httpx.get(server.url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return when the condition holds.

    Raises:
        AssertionError: If it does not within a generous deadline.
    """
    until_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until_s, f"still not: {what}"
        time.sleep(0.02)
