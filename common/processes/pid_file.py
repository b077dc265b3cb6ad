"""Pid files: how a process of this service is found by its name.

They are for people and tests, so that a disk that cannot be written keeps nobody from running.
"""

import contextlib
import logging
import os
from pathlib import Path

_log = logging.getLogger(__name__)


def write_pid(run_dir: Path | None, name: str) -> None:
    """Write this process's pid to `NAME.pid`, whole or not at all; nothing without a directory."""
    if run_dir is None:
        return
    draft = run_dir / f".{name}.pid.{os.getpid()}"
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(f"{os.getpid()}\n")
            draft.replace(run_dir / f"{name}.pid")
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("no pid file: %s", error)


def remove_pid(run_dir: Path | None, name: str) -> None:
    """Remove `NAME.pid` if it is still this process's own, and the disk lets us."""
    if run_dir is None:
        return
    path = run_dir / f"{name}.pid"
    with contextlib.suppress(OSError):
        if path.read_text().strip() == str(os.getpid()):
            path.unlink()
