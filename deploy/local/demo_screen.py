"""What moves on the terminal during the demonstration; plain lines where nothing can move."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

import celshade
from common.processes.supervised_process import Death, State, Status

# A job's stages in order, as `progress.stage` names them; the bar moves one part for each.
STAGES = ("waiting", "loading_model", "fetching", "decoding", "rendering", "encoding", "storing")


class DemoScreen:
    """Shows how the stack comes up and how a photo gets on; a `Watcher` of the supervisor.

    Attributes:
        names: The processes seen so far.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._moves = console.is_terminal and not console.is_dumb_terminal
        self._awaited = "its processes"
        self.names: tuple[str, ...] = ()

    @contextlib.contextmanager
    def starting(self) -> Iterator[Callable[[], None]]:
        """Show which processes the start waits for, for as long as the block lasts.

        Returns:
            What to call now and then.
        """
        if not self._moves:
            self._console.print("Starting the service")
            yield lambda: None
            return
        with self._console.status("Starting the service") as spinner:
            yield lambda: spinner.update(f"Starting the service: waiting for {self._awaited}")

    def changed(self, statuses: Sequence[Status]) -> None:
        """Note which processes the start waits for."""
        self.names = tuple(status.name for status in statuses)
        self._awaited = ", ".join(
            status.name for status in statuses if status.state is not State.RUNNING
        )

    def died(self, death: Death) -> None:
        """Say it, so that it is clear why the start takes longer."""
        self._console.print(Text(f"{death.name} {death.how}; it starts again."))

    def still_starting(self, statuses: Sequence[Status]) -> None:
        """Say which processes the start waits for."""
        names = ", ".join(status.name for status in statuses)
        self._console.print(Text(f"Still waiting for: {names}"))

    @contextlib.contextmanager
    def progress(self, name: str) -> Iterator[Callable[[celshade.Job], None]]:
        """Show a photo's progress for as long as the block lasts.

        Returns:
            What to call with each answer of the API.
        """
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[stage]}"),
            TimeElapsedColumn(),
        )
        with Progress(
            *columns, console=self._console, transient=True, disable=not self._moves
        ) as bar:
            task = bar.add_task(name, total=len(STAGES), stage="uploading")
            said = "uploading"

            def show(job: celshade.Job) -> None:
                nonlocal said
                stage = job.status if job.is_terminal else (job.stage or job.status)
                bar.update(task, completed=parts_done(job), stage=stage.replace("_", " "))
                if not self._moves and stage != said:
                    said = stage
                    self._console.print(Text(f"{name}: {stage.replace('_', ' ')}"))

            yield show


def parts_done(job: celshade.Job) -> int:
    """Return how many parts of the bar a job has behind it; all of them once it has ended."""
    if job.is_terminal:
        return len(STAGES)
    return STAGES.index(job.stage) if job.stage in STAGES else 0
