"""What a person sees of the stack: a live table on a terminal, a plain line per change elsewhere.

A terminal that is gone (its window was closed) must not stop the service or disturb its stopping.
What cannot be written is dropped.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from common.processes.supervised_process import Death, State, Status
from deploy.local.data_directory import tail

COLOURS = {
    State.RUNNING: "green",
    State.STARTING: "yellow",
    State.WAITING: "red",
    State.STOPPING: "yellow",
}


class Terminal:
    """Shows the processes of one stack; a `Watcher` of the supervisor.

    Args:
        console: Where to show them.
        logs: Directory of the logs, named where somebody should look.
    """

    def __init__(self, console: Console, logs: Path) -> None:
        self._console = console
        self._logs = logs
        self._shown: dict[str, Status] = {}
        self._live: Live | None = None

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Keep the table on the terminal for as long as the block lasts."""
        if not self._console.is_terminal or self._console.is_dumb_terminal:
            yield
            return
        live = Live(table([]), console=self._console, auto_refresh=False)
        with contextlib.suppress(OSError):
            live.start()
        self._live = live
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                live.stop()

    def say(self, text: str) -> None:
        """Print a sentence as it is, above the table."""
        with contextlib.suppress(OSError):
            self._console.print(Text(text), soft_wrap=True)

    def changed(self, statuses: Sequence[Status]) -> None:
        """Show the processes as they are now."""
        if self._live is not None:
            with contextlib.suppress(OSError):
                self._live.update(table(statuses), refresh=True)
            return
        for status in statuses:
            if self._shown.get(status.name) != status:
                self._shown[status.name] = status
                if status.state is not State.NEW:
                    self.say(line(status))

    def died(self, death: Death) -> None:
        """Say that a process ended, when it comes back, and where to look."""
        self.say(
            f"{death.name} {death.how}; it starts again in {death.again_in_s:g} s. "
            f"What it said: {shown_path(self._log_of(death.name))}"
        )

    def still_starting(self, statuses: Sequence[Status]) -> None:
        """Say which processes the start waits for."""
        for status in statuses:
            log = self._log_of(status.name)
            self.say(f"Still waiting for {status.name}. {shown_path(log)} ends with:")
            self.say(f"  {tail(log, lines=1) or '(nothing)'}")

    def _log_of(self, name: str) -> Path:
        return self._logs / f"{name}.log"


def table(statuses: Sequence[Status]) -> Table:
    """Return one row per process."""
    rows = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("process", "pid", "state", "address", "restarts"):
        rows.add_column(title, justify="right" if title == "restarts" else "left", no_wrap=True)
    for status in statuses:
        rows.add_row(
            status.name,
            str(status.pid or ""),
            Text(status.state, style=COLOURS.get(status.state, "dim")),
            status.address,
            str(status.restarts),
        )
    return rows


def line(status: Status) -> str:
    """Return a process's status as one line of plain text."""
    parts = [f"{status.name:<10}", str(status.state)]
    if status.pid is not None:
        parts.append(f"pid {status.pid}")
    if status.address:
        parts.append(status.address)
    if status.restarts:
        parts.append(f"restarts {status.restarts}")
    return "  ".join(parts)


def shown_path(path: Path) -> str:
    """Return a path as seen from the working directory, where that is shorter."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
