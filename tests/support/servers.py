"""Starts the real servers that tests run against; each lives in a directory of its own.

Nothing here pretends: the programs are those of the embedded stack, started the way it starts them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from pydantic import SecretStr

from common.processes import child_processes
from common.settings import Settings
from deploy.local import redis_server, s3_server

READY_S = 30.0  # a generous deadline for a busy machine; the servers need well under a second
GRACE_S = 10.0
S3_TIMEOUT_S = 30.0
STORE_TIMEOUT_S = 30.0  # where a test is not about a job store that does not answer


def absent(reason: str) -> NoReturn:
    """Skip the test on a laptop and fail it in CI: something it needs is not there.

    The one place where a test is left out for want of something: a laptop may lack a server's
    binary and still run the rest, CI must lack nothing.
    """
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running_redis(server: redis_server.RedisServer) -> Iterator[child_processes.Child]:
    """Run a prepared server for as long as the block lasts; its output is in `redis.log`."""
    with (server.directory / "redis.log").open("ab") as log:
        child = child_processes.start_child(server.command(), stdout=log, stderr=log)
    try:
        child_processes.wait_until_ready(child, server.is_ready, name="redis", timeout_s=READY_S)
        yield child
    finally:
        child_processes.stop_child(child, grace_s=GRACE_S)


@contextmanager
def fresh_redis(directory: Path) -> Iterator[str]:
    """Run a new, empty server on a directory and give its URL."""
    server = redis_server.prepare(directory)
    with running_redis(server):
        yield server.url


@contextmanager
def running_s3(server: s3_server.S3Server) -> Iterator[child_processes.Child]:
    """Run a prepared server for as long as the block lasts; its output is in `s3.log`."""
    with (server.directory / "s3.log").open("ab") as log:
        child = child_processes.start_child(
            server.command(), env=server.env(), stdout=log, stderr=log
        )
    try:
        child_processes.wait_until_ready(child, server.is_ready, name="s3", timeout_s=READY_S)
        yield child
    finally:
        child_processes.stop_child(child, grace_s=GRACE_S)


def s3_settings_of(server: s3_server.S3Server) -> Settings:
    """Return the settings of a service that keeps its pictures on this server."""
    return Settings(
        objects="s3",
        s3_endpoint_url=server.url,
        s3_bucket=server.bucket,
        s3_access_key_id=server.access_key_id,
        s3_secret_access_key=SecretStr(server.secret_access_key),
    )


def given_s3_settings() -> Settings | None:
    """Return settings for the S3 server that `CELSHADE_TEST_S3_*` names, if any.

    `_ENDPOINT_URL`, `_ACCESS_KEY_ID`, `_SECRET_ACCESS_KEY`, `_BUCKET`; tests own that bucket.
    """
    prefix = "CELSHADE_TEST_S3_"
    if f"{prefix}ENDPOINT_URL" not in os.environ:
        return None
    return Settings(
        objects="s3",
        s3_endpoint_url=os.environ[f"{prefix}ENDPOINT_URL"],
        s3_bucket=os.environ.get(f"{prefix}BUCKET", "celshade-test"),
        s3_access_key_id=os.environ[f"{prefix}ACCESS_KEY_ID"],
        s3_secret_access_key=SecretStr(os.environ[f"{prefix}SECRET_ACCESS_KEY"]),
    )
