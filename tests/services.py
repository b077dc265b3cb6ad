"""Starts the real servers that tests run against; each lives in a directory of its own.

Nothing here pretends: the programs are those of the embedded stack, started the way it starts them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from deploy.local import children, redis_server

READY_S = 30.0  # a generous deadline for a busy machine; the servers need well under a second
GRACE_S = 10.0


def absent(reason: str) -> NoReturn:
    """Skip the test on a laptop and fail it in CI: something it needs is not there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running_redis(server: redis_server.RedisServer) -> Iterator[children.Child]:
    """Run a prepared server for as long as the block lasts; its output is in `redis.log`."""
    with (server.directory / "redis.log").open("ab") as log:
        child = children.start_child(server.command(), stdout=log, stderr=log)
    try:
        children.wait_until_ready(child, server.is_ready, name="redis", timeout_s=READY_S)
        yield child
    finally:
        children.stop_child(child, grace_s=GRACE_S)


@contextmanager
def fresh_redis(directory: Path) -> Iterator[str]:
    """Run a new, empty server on a directory and give its URL."""
    server = redis_server.prepare(directory)
    with running_redis(server):
        yield server.url
