"""The ground: the whole service on real servers, with fault proxies where its parts meet.

Pictures lie in a real S3 server behind a proxy, hints travel through another one, everything else
is the stack that `python -m deploy.local up` runs.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from common.errors import ConfigurationError
from common.storage.base import ObjectStore
from common.storage.factory import open_s3_store
from deploy.local import redis_server, s3_server
from tests import services
from tests.chaos.proxy import FaultProxy
from tests.e2e.stack import Stack, running_stack
from tests.styles import GATE_VARIABLE

CALLERS = ("ann", "ben", "cleo")
STYLES = "tests.styles:MarkedStyle,tests.chaos.styles:LongStyle"
BUCKET = "celshade-chaos"
STORAGE_TIMEOUT_S = 30.0
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
        variables: The environment of the service's processes, for one more of them.
    """

    stack: Stack
    storage: FaultProxy
    broker: FaultProxy
    objects: ObjectStore
    keys: dict[str, str] = field(repr=False)
    gate: Path
    clock: Path | None
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
        services.absent(str(error))
    keys = {name: f"cs_{name}" for name in CALLERS}
    library, gate, clock = find_faketime(), directory / "gate", directory / "clock"
    with (
        services.running_s3(s3),
        FaultProxy("127.0.0.1", s3.port, seed=seed) as storage,
        FaultProxy("127.0.0.1", redis.port, seed=seed) as broker,
    ):
        variables = {
            "CELSHADE_S3_ENDPOINT_URL": f"http://127.0.0.1:{storage.port}",
            "CELSHADE_S3_BUCKET": BUCKET,
            "CELSHADE_S3_ACCESS_KEY_ID": s3.access_key_id,
            "CELSHADE_S3_SECRET_ACCESS_KEY": s3.secret_access_key,
            "CELSHADE_BROKER_URL": _through(redis.url, broker.port),
            "CELSHADE_KEYS_FILE": str(_write_keys(directory / "keys.toml", keys)),
            "CELSHADE_EXTRA_STYLES": STYLES,
            "CELSHADE_MAX_BATCH": "2",
            GATE_VARIABLE: str(gate),
            **(_with_own_clock(redis.binary, library, clock) if library else {}),
            **(env or {}),
        }
        with running_stack(directory, workers=workers, store="s3", env=variables) as stack:
            objects = open_s3_store(
                services.s3_settings_of(s3), timeout_s=STORAGE_TIMEOUT_S, attempts=2
            )
            variables |= {"CELSHADE_REDIS_URL": stack.redis_url, "CELSHADE_STORE": "s3"}
            has_clock = clock if library else None
            yield Ground(stack, storage, broker, objects, keys, gate, has_clock, variables)


def _through(redis_url: str, port: int) -> str:
    """Return the address of the same database by way of another port."""
    parts = urlsplit(redis_url)
    return parts._replace(netloc=f":{parts.password}@127.0.0.1:{port}").geturl()


def _write_keys(path: Path, keys: Mapping[str, str]) -> Path:
    """Write the file that lets the callers in, with weights 1, 2, 3."""
    path.write_text(
        "\n".join(
            f'[[callers]]\nname = "{name}"\nkey_sha256 = "{sha256(key.encode()).hexdigest()}"\n'
            f'weight = {weight}.0\nscopes = ["jobs"]\n'
            for weight, (name, key) in enumerate(keys.items(), 1)
        )
    )
    return path


def _with_own_clock(binary: Path, library: Path, clock: Path) -> dict[str, str]:
    """Let Redis alone, whose time is the job store's, live by a clock that a file sets off.

    A wrapper of its name comes first on the PATH, where the stack looks for it.
    """
    clock.write_text("+0")
    wrapper = clock.with_name("bin") / "valkey-server"
    wrapper.parent.mkdir(exist_ok=True)
    wrapper.write_text(
        f"#!/bin/sh\nexport LD_PRELOAD='{library}' FAKETIME_TIMESTAMP_FILE='{clock}'\n"
        "export FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1\n"
        f"exec '{binary}' \"$@\"\n"
    )
    wrapper.chmod(0o755)
    return {"PATH": f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"}
