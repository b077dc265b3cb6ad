"""The real API with a worker that draws whatever comes, and the command run against it.

The worker is driven by this process; everything else is as it is in production.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.integration.api.real_service import RealService

CLIENT = Path(__file__).parents[3] / "client"
DEADLINE_S = 120.0  # generous: the machine may be busy

# A test run in the background hands down an ignored Ctrl-C; a person's shell does not.
START = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "runpy.run_module('celshade', run_name='__main__')"
)


@contextmanager
def working(service: RealService) -> Iterator[RealService]:
    """Let the service's worker draw for as long as the block lasts."""
    stopping = threading.Event()
    thread = threading.Thread(target=service.worker.work_until, args=(stopping,))
    thread.start()
    try:
        yield service
    finally:
        stopping.set()
        thread.join()


def url_of(service: RealService) -> str:
    return f"http://127.0.0.1:{service.port}"


@contextmanager
def started(
    folder: Path, url: str, *arguments: str, **variables: str
) -> Iterator["subprocess.Popen[str]"]:
    """Run the command in a folder; it ends with the block at the latest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CELSHADE_")}
    process = subprocess.Popen(
        [sys.executable, "-c", START, *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(CLIENT), "CELSHADE_URL": url, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run(folder: Path, url: str, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Run the command to its end: exit status, output, complaints."""
    with started(folder, url, *arguments, **variables) as process:
        out, errors = process.communicate(timeout=DEADLINE_S)
    assert "Traceback" not in errors, errors
    return process.returncode, out, errors


def until(condition: Any, what: str) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.02)
