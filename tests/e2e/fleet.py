"""A keeper and worker processes with settings of their own each, around an API in this process.

For what `up` cannot do: two workers that do not share one environment.
"""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.app import create_app
from api.context.context import NAME, Context
from common.processes import child_processes
from common.settings import PREFIX, Settings
from tests.e2e.stack import ROOT, until
from tests.integration.api.photo_client import PhotoClient
from tests.support import servers

GRACE_S = 40.0


@dataclass
class Fleet:
    """The processes, and a caller of the API.

    Attributes:
        directory: Where logs go.
        base: The environment that all processes share.
        client: Submits and polls.
        parts: What the API serves with; its store shows the crew.
    """

    directory: Path
    base: dict[str, str]
    client: PhotoClient
    context: Context
    processes: dict[str, child_processes.Child] = field(default_factory=dict)

    def start(self, package: str, name: str, *, before: Sequence[str] = (), **own: str) -> None:
        """Start `python -m package`, `before` its words; `own` is laid over the environment."""
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = child_processes.start_child(
                [*before, sys.executable, "-m", package],
                env={**self.base, f"{PREFIX}WORKER_NAME": name, **own},
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def stop(self, name: str) -> None:
        """Stop a process in order."""
        child_processes.stop_child(self.processes.pop(name), grace_s=GRACE_S)

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.directory / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def state_of(self, name: str) -> str | None:
        """What a worker says of itself, or None when nobody hears of it."""
        crews = [line.crew for line in self.context.store.overviews.overview().lines]
        return next((m.state for crew in crews for m in crew if m.name == name), None)

    def wait_for_state(self, name: str, state: str) -> None:
        """Wait until a worker says so."""
        until(lambda: self.state_of(name) == state, f"{name} is {state}")


@contextlib.contextmanager
def running_fleet(directory: Path, settings: Settings, env: Mapping[str, str]) -> Iterator[Fleet]:
    """Give an API and a keeper for as long as the block lasts; workers are the test's to start.

    Args:
        directory: A directory of the test's own.
        settings: The API's settings.
        env: The same, for the other processes, and what workers need besides.
    """
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr("api.app.STORE_TIMEOUT_S", servers.STORE_TIMEOUT_S)
        app = create_app(settings)
    context: Context = app.extensions[NAME]
    base = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    fleet = Fleet(directory, base, PhotoClient(app), context)
    fleet.start("keeper", "keeper")
    try:
        yield fleet
    except BaseException:
        for name in fleet.processes:
            sys.stderr.write(f"\n--- the end of {name}\n{fleet.log(name)[-4000:]}\n")
        raise
    finally:
        for name in list(fleet.processes):
            fleet.stop(name)
        context.close()
