"""The stack's data directory: pids, logs, objects, the servers' data, and its lock.

    DIR/run/NAME.pid   its pid; written by each process itself, for redis and s3 by the stack
    DIR/run/api.url    the API's address, while everything is ready
    DIR/run/redis.url  the job store's address with its password, mode 0600
    DIR/logs/NAME.log  what each process says; an older log that grew large is NAME.log.1
    DIR/objects        pictures of the `local` store
    DIR/redis, DIR/s3  the embedded servers' own data

A pid file left behind by a killed process is harmless: only people and tests read them. A lock,
which the kernel drops with its holder, keeps a second stack out of the directory.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common.errors import ConfigurationError
from deploy.local.server_identity import write_private

LARGE_LOG_BYTES = 20_000_000  # a day of a busy service; looked at only when the stack starts
TAIL_BYTES = 64_000


@dataclass(frozen=True)
class Layout:
    """The places inside one data directory.

    Attributes:
        root: The directory, absolute.
    """

    root: Path

    @property
    def run(self) -> Path:
        """Where the pid files are."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """Where the logs are."""
        return self.root / "logs"

    @property
    def objects(self) -> Path:
        """Pictures of the `local` store."""
        return self.root / "objects"

    @property
    def redis(self) -> Path:
        """Data of the embedded job store."""
        return self.root / "redis"

    @property
    def s3(self) -> Path:
        """Data of the embedded S3 server."""
        return self.root / "s3"

    @property
    def api_url(self) -> Path:
        """Holds the API's address while everything is ready."""
        return self.run / "api.url"

    @property
    def redis_url(self) -> Path:
        """Holds the job store's address with its password."""
        return self.run / "redis.url"

    def log(self, name: str) -> Path:
        """Log of a process."""
        return self.logs / f"{name}.log"

    def pid(self, name: str) -> Path:
        """Pid file of a process."""
        return self.run / f"{name}.pid"

    def make(self) -> None:
        """Make the directories that are missing; only this user may enter.

        Raises:
            ConfigurationError: The disk refuses.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for directory in (self.run, self.logs, self.objects):
                directory.mkdir(exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"{self.root} cannot be used: {error.strerror}.") from error

    def clear_run(self) -> None:
        """Remove what an earlier stack left in `run`; only for the holder of the lock."""
        for pattern in ("*.pid", "*.url"):
            for path in self.run.glob(pattern):
                path.unlink(missing_ok=True)

    def put_aside_large_logs(self) -> None:
        """Start new logs where the old ones grew large; one old one of each is kept."""
        for path in self.logs.glob("*.log"):
            if path.stat().st_size > LARGE_LOG_BYTES:
                path.replace(path.with_name(f"{path.name}.1"))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory for this process alone for as long as the block lasts.

        Raises:
            ConfigurationError: Another stack holds it.
        """
        with (self.root / "stack.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise ConfigurationError(_already_runs(self.root, file.read())) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield


def write_address(path: Path, url: str) -> None:
    """Write an address that only this user may read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    write_private(draft, f"{url}\n")
    draft.replace(path)


def tail(path: Path, *, lines: int = 20) -> str:
    """Return the last lines of a log; empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _already_runs(root: Path, holder: str) -> str:
    """Return the sentence for somebody who starts a second stack on one directory."""
    pid = holder.strip()
    who = f" (process {pid})" if pid.isdigit() else ""
    stop = f"'kill {pid}'" if pid.isdigit() else "end its process"
    return (
        f"A stack already runs on {root}{who}. Stop it with Ctrl-C in its terminal or {stop}, "
        f"or choose another directory with --data (make up DATA=...)."
    )
