"""Pid files: how a process of this service is found by its name.

They are for people and tests, so a disk that cannot be written stops no process.
"""

import contextlib
import logging
import os
from pathlib import Path

_log = logging.getLogger(__name__)


def write_pid(run_dir: Path | None, name: str) -> None:
    """Write this process's pid to `NAME.pid`; nothing without a directory."""
    if run_dir is None:
        return
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        write_pid_file(run_dir / f"{name}.pid", os.getpid())
    except OSError as error:
        _log.warning("no pid file: %s", error)


def remove_pid(run_dir: Path | None, name: str) -> None:
    """Remove `NAME.pid` if it is still this process's own, and the disk allows it."""
    if run_dir is None:
        return
    path = run_dir / f"{name}.pid"
    if read_pid(path) == os.getpid():
        with contextlib.suppress(OSError):
            path.unlink()


def write_pid_file(path: Path, pid: int) -> None:
    """Write a pid file, whole or not at all.

    Raises:
        OSError: The disk is full or refuses.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(f"{pid}\n", encoding="ascii")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_pid(path: Path) -> int | None:
    """Return the pid in a file; None when there is none."""
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text(encoding="ascii"))
    return None


def is_alive(pid: int) -> bool:
    """Say whether there is a process with this pid."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
