"""Pid files: how a process of this service is found by its name."""

import os
from pathlib import Path


def write_pid(run_dir: Path | None, name: str) -> None:
    """Write this process's pid to `NAME.pid`, whole or not at all; nothing without a directory."""
    if run_dir is None:
        return
    run_dir.mkdir(parents=True, exist_ok=True)
    draft = run_dir / f".{name}.pid.{os.getpid()}"
    draft.write_text(f"{os.getpid()}\n")
    draft.replace(run_dir / f"{name}.pid")
