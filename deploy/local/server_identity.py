"""The port and the secrets that an embedded server keeps for as long as its data directory lives.

One JSON file of mode 0600 per server. Nothing here starts anything.
"""

import contextlib
import json
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from common.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
SECRET_BYTES = 32  # 256 bits: they cannot be guessed
PROBE_TIMEOUT_S = 1.0  # of a question whether the server answers


def prepare_identity(
    directory: Path,
    new_secrets: Callable[[], dict[str, str]],
    *,
    await_predecessor: Callable[[dict[str, str]], None] = lambda _: None,
) -> dict[str, str]:
    """Return port and secrets of the server in a data directory, the same as at its last run.

    A port that another program has taken since is replaced by a free one.

    Args:
        directory: The server's data directory; made when it is not there.
        new_secrets: Gives the secrets of a new directory.
        await_predecessor: Returns when no server that was left behind works on the directory.

    Raises:
        ConfigurationError: `server.json` in the directory is damaged.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "server.json"
    kept = keep_identity(path, lambda: {"port": str(free_port()), **new_secrets()})
    await_predecessor(kept)
    if not is_port_free(int(kept["port"])):
        kept = {**kept, "port": str(free_port())}
        replace_identity(path, kept)
    return kept


def keep_identity(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Return what stands in the file; make it first when there is none.

    Args:
        path: The file; its directory exists.
        make: Gives the content of a new file.

    Returns:
        The file's content, the same for all processes that ask at the same time.

    Raises:
        ConfigurationError: The file stands but is not one of ours.
    """
    with contextlib.suppress(FileNotFoundError):
        return _read(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_private(draft, json.dumps(make()))
        # A link and not a rename: the first of several processes wins, and the others read its.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return _read(path)


def replace_identity(path: Path, content: dict[str, str]) -> None:
    """Write new content over the old one, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, json.dumps(content))
    draft.replace(path)


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user may read, from its first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def new_secret() -> str:
    """Return a random secret that needs no quoting in URLs and configuration files."""
    return secrets.token_urlsafe(SECRET_BYTES)


def free_port() -> int:
    """Return a loopback TCP port that no program listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_port_free(port: int) -> bool:
    """Say whether a server could listen on this loopback TCP port now."""
    with socket.socket() as probe:
        # As servers do: connections that are only winding down do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _read(path: Path) -> dict[str, str]:
    """Return the file's content, checked for its shape."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path} is damaged; remove it, and it is made anew.")
    return {str(name): str(value) for name, value in content.items()}
