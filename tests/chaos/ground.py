"""The ground: the whole service on real servers, with fault proxies where its parts meet.

Pictures lie in a real S3 server behind a proxy, hints travel through another one, everything else
is the stack that `python -m deploy.local up` runs.
"""

import contextlib
import dataclasses
import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from common.errors import ConfigurationError
from common.objects.base import ObjectStore
from common.objects.factory import open_s3_store
from deploy.local import redis_server, s3_server
from tests.chaos.proxy import FaultProxy
from tests.e2e.stack import Stack, running_stack
from tests.support import disks, servers
from tests.support.keys_file import write_keys
from tests.support.styles import GATE_VARIABLE

CALLERS = ("ann", "ben", "cleo")
WEIGHTS = {"ben": 2.0, "cleo": 3.0}
STYLES = "tests.support.styles:MarkedStyle,tests.chaos.styles:LongStyle"
BUCKET = "celshade-chaos"
STORAGE_TIMEOUT_S = 30.0
DISK_SIZE = "512m"  # of memory, and only what is written: far more than a campaign needs
FAKETIME = ("faketime/libfaketimeMT.so.1", "libfaketimeMT.so.1")
LIBRARIES = ("/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")


@dataclass(frozen=True)
class Ground:
    """A running service and the ways to trouble it.

    Attributes:
        stack: The service's processes.
        storage: Between the service and its S3 server.
        broker: Between Celery and Redis.
        objects: The S3 server itself, past the proxy.
        keys: The callers' keys by name.
        gate: The file whose existence lets the photos of a flood through.
        clock: The file that says how far off Redis' clock is; None where it cannot be.
        storage_disk: The S3 server's own small disk; None where it cannot have one.
        redis_disk: That of Redis.
        variables: The environment of the service's processes, for one more of them.
    """

    stack: Stack
    storage: FaultProxy
    broker: FaultProxy
    objects: ObjectStore
    keys: dict[str, str] = field(repr=False)
    gate: Path
    clock: Path | None
    storage_disk: Path | None
    redis_disk: Path | None
    variables: dict[str, str] = field(repr=False)


def find_faketime() -> Path | None:
    """Return the library that can step a process's clock; None where it is not installed.

    `FAKETIME_LIBRARY` names one in another place.
    """
    given = os.environ.get("FAKETIME_LIBRARY")
    places = [Path(folder, name) for folder in LIBRARIES for name in FAKETIME]
    if given:
        places.insert(0, Path(given))
    return next((path for path in places if path.exists()), None)


@contextlib.contextmanager
def running_ground(
    directory: Path, *, workers: int, seed: int = 0, env: Mapping[str, str] | None = None
) -> Iterator[Ground]:
    """Run everything on a directory for as long as the block lasts.

    Args:
        directory: A directory of the run's own.
        workers: Worker processes.
        seed: Seed of the proxies' draws.
        env: Variables laid over those of the ground.
    """
    try:
        s3 = s3_server.prepare(directory / "s3", bucket=BUCKET)
        redis = redis_server.prepare(directory / "data" / "redis")  # the stack keeps its port
    except ConfigurationError as error:
        servers.absent(str(error))
    keys = {name: f"cs_{name}" for name in CALLERS}
    library, gate, clock = find_faketime(), directory / "gate", directory / "clock"
    has_disks = disks.is_possible()
    if has_disks:
        wrapper = _wrapper_on_small_disk(directory / "bin" / "s3", s3)
        s3 = dataclasses.replace(s3, binary=wrapper)
    with (
        servers.running_s3(s3) as s3_process,
        FaultProxy("127.0.0.1", s3.port, seed=seed) as storage,
        FaultProxy("127.0.0.1", redis.port, seed=seed) as broker,
    ):
        variables = {
            "CELSHADE_S3_ENDPOINT_URL": f"http://127.0.0.1:{storage.port}",
            "CELSHADE_S3_BUCKET": BUCKET,
            "CELSHADE_S3_ACCESS_KEY_ID": s3.access_key_id,
            "CELSHADE_S3_SECRET_ACCESS_KEY": s3.secret_access_key,
            "CELSHADE_BROKER_URL": _through(redis.url, broker.port),
            "CELSHADE_KEYS_FILE": str(write_keys(directory / "keys.toml", keys, WEIGHTS)),
            "CELSHADE_EXTRA_STYLES": STYLES,
            "CELSHADE_STYLES": "marked,long",
            "CELSHADE_MAX_BATCH": "2",
            GATE_VARIABLE: str(gate),
            **(_with_own_clock(redis.binary, library, clock) if library else {}),
            **(env or {}),
        }
        within = disks.small(redis.directory, DISK_SIZE) if has_disks else []
        with running_stack(
            directory, workers=workers, store="s3", env=variables, within=within
        ) as stack:
            objects = open_s3_store(
                servers.s3_settings_of(s3), timeout_s=STORAGE_TIMEOUT_S, attempts=2
            )
            variables |= {"CELSHADE_REDIS_URL": stack.redis_url, "CELSHADE_OBJECTS": "s3"}
            seen = (
                disks.seen_by(s3_process.pid, s3.objects_path),
                disks.seen_by(stack.process.pid, redis.directory),
            )
            yield Ground(
                stack=stack,
                storage=storage,
                broker=broker,
                objects=objects,
                keys=keys,
                gate=gate,
                clock=clock if library else None,
                storage_disk=seen[0] if has_disks else None,
                redis_disk=seen[1] if has_disks else None,
                variables=variables,
            )


def _wrapper_on_small_disk(wrapper: Path, s3: s3_server.S3Server) -> Path:
    """Write a program that runs the S3 server with its objects on a small disk."""
    words = [*disks.small(s3.objects_path, DISK_SIZE), str(s3.binary)]
    return _write_program(wrapper, f'exec {shlex.join(words)} "$@"')


def _through(redis_url: str, port: int) -> str:
    """Return the address of the same database by way of another port."""
    parts = urlsplit(redis_url)
    return parts._replace(netloc=f":{parts.password}@127.0.0.1:{port}").geturl()


def _with_own_clock(binary: Path, library: Path, clock: Path) -> dict[str, str]:
    """Let Redis alone, whose time is the job store's, live by a clock that a file sets off.

    A wrapper of its name comes first on the PATH, where the stack looks for it.
    """
    clock.write_text("+0")
    wrapper = _write_program(
        clock.with_name("bin") / "valkey-server",
        f"export LD_PRELOAD='{library}' FAKETIME_TIMESTAMP_FILE='{clock}'\n"
        "export FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1\n"
        f"exec '{binary}' \"$@\"",
    )
    return {"PATH": f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"}


def _write_program(path: Path, script: str) -> Path:
    """Write a shell script that can be run."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
