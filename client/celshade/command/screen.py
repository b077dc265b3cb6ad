"""Screens of a run: moving lines on a terminal, plain lines elsewhere.

Results go to standard output, everything else to standard error, so that a script can read the
former. Both screens may be used by several threads at once.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.table import Column
from rich.text import Text

from celshade.client.errors import CelshadeError
from celshade.client.jobs import Job
from celshade.command.messages import (
    STEPS,
    describe_job,
    error_text,
    format_duration,
    printable,
    step_of,
)

# Columns below which a name, a bar, a state and the time do not fit beside each other.
_NARROW_COLUMNS = 90


@dataclass(frozen=True, slots=True)
class SavedPicture:
    """A saved picture: where its picture is, how long it took, seconds, and its job."""

    path: Path
    took_s: float
    job: Job

    @property
    def cache(self) -> str:
        """How the server met it: `hit`, `joined`, `miss` or `bypass`."""
        return printable(self.job.cache.status or "miss")


class Screen(Protocol):
    """Where a run of the command shows itself."""

    def running(self) -> AbstractContextManager[object]:
        """Show the run while the block lasts."""

    def started(self, photo: Path) -> None:
        """A photo is being uploaded."""

    def progressed(self, photo: Path, job: Job) -> None:
        """The server has reported the state of a photo's job."""

    def saved(self, photo: Path, picture: SavedPicture) -> None:
        """A photo's picture is on disk."""

    def failed(self, photo: Path, error: CelshadeError) -> None:
        """A photo's picture will not come."""

    def abandoned(self, photo: Path) -> None:
        """A photo is given up because the run is being stopped."""

    def note(self, text: str) -> None:
        """Say something about the whole run."""


class PlainScreen:
    """One line for each thing that happens."""

    def __init__(self, out: Console, errors: Console) -> None:
        self._out = out
        self._errors = errors
        self._last: dict[Path, str] = {}

    def running(self) -> AbstractContextManager[object]:
        """Nothing moves here."""
        return nullcontext()

    def started(self, photo: Path) -> None:
        """Say that the upload begins."""
        say(self._errors, f"{printable_path(photo)}: uploading")

    def progressed(self, photo: Path, job: Job) -> None:
        """Say what is new; a queue position is reported once: logs are read later."""
        stage = job.stage or job.status
        if self._last.get(photo) != stage and not job.is_terminal:
            self._last[photo] = stage
            say(self._errors, f"{printable_path(photo)}: {describe_job(job)}")

    def saved(self, photo: Path, picture: SavedPicture) -> None:
        """Print the result."""
        where = printable_path(picture.path)
        took = format_duration(picture.took_s)
        say(self._out, f"{printable_path(photo)} -> {where}  {took}  {picture.cache}")

    def failed(self, photo: Path, error: CelshadeError) -> None:
        """Print why."""
        say(self._errors, f"celshade: {printable_path(photo)}: {error_text(error)}")

    def abandoned(self, photo: Path) -> None:
        """Say nothing: the run's last line does."""

    def note(self, text: str) -> None:
        """Print it."""
        say(self._errors, f"celshade: {text}")


class _Elapsed(ProgressColumn):
    """Seconds since a photo's upload began."""

    max_refresh = 0.1

    def render(self, task: Task) -> Text:
        """Write them as the final line will."""
        return Text(format_duration(task.elapsed or 0.0), style="dim")


class LiveScreen:
    """A moving line for each photo under way, a lasting one for each that has ended."""

    def __init__(self, out: Console, errors: Console, photos: int) -> None:
        self._out = out
        # Two terminals are one screen: what bypassed the moving lines would tear them.
        self._errors = out if errors.is_terminal else errors
        self._progress = progress_on(out, with_stderr=errors.is_terminal)
        self._lines: dict[Path, TaskID] = {}
        self._photos = photos
        self._ended = 0
        self._total_line: TaskID | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the moving lines on the screen; they leave no trace."""
        with self._progress:
            if self._photos > 1:
                self._total_line = self._progress.add_task(
                    "all photos", total=self._photos, state=""
                )
                self._count(0)
            yield

    def started(self, photo: Path) -> None:
        """Begin the photo's line."""
        self._lines[photo] = self._progress.add_task(
            printable_path(photo), total=len(STEPS), state=STEPS[0]
        )

    def progressed(self, photo: Path, job: Job) -> None:
        """Move the photo's line."""
        line = self._lines[photo]
        self._progress.update(line, completed=step_of(job), state=describe_job(job))

    def saved(self, photo: Path, picture: SavedPicture) -> None:
        """Replace the photo's line by its result."""
        self._end(photo)
        line = Text.assemble(
            ("\N{CHECK MARK} ", "green"),
            f"{printable_path(photo)} \N{RIGHTWARDS ARROW} ",
            (printable_path(picture.path), "bold"),
            (f"  {format_duration(picture.took_s)}  ", "dim"),
            (picture.cache, "cyan" if picture.cache == "hit" else "dim"),
        )
        say(self._out, line)

    def failed(self, photo: Path, error: CelshadeError) -> None:
        """Replace the photo's line by its error."""
        self._end(photo)
        line = Text.assemble(
            ("\N{BALLOT X} ", "red"), f"{printable_path(photo)}: {error_text(error)}"
        )
        say(self._errors, line)

    def abandoned(self, photo: Path) -> None:
        """Take the photo's line away."""
        self._end(photo)

    def note(self, text: str) -> None:
        """Print it above the moving lines."""
        say(self._errors, text)

    def _end(self, photo: Path) -> None:
        line = self._lines.pop(photo, None)
        if line is not None:
            self._progress.remove_task(line)
        self._count(1)

    def _count(self, more: int) -> None:
        self._ended += more
        if self._total_line is not None:
            state = f"{self._ended} of {self._photos}"
            self._progress.update(self._total_line, completed=self._ended, state=state)


def progress_on(out: Console, *, with_stderr: bool) -> Progress:
    """Lay out the moving lines: spinner, photo, bar (where there is room), state, seconds."""
    is_narrow = out.width < _NARROW_COLUMNS
    name = _column(max_width=20 if is_narrow else 32)
    state = _column() if is_narrow else _column(min_width=30)
    bar = () if is_narrow else (BarColumn(bar_width=len(STEPS) * 2),)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=name),
        *bar,
        TextColumn("{task.fields[state]}", markup=False, table_column=state),
        _Elapsed(),
        console=out,
        transient=True,
        redirect_stderr=with_stderr,
    )


def _column(*, min_width: int | None = None, max_width: int | None = None) -> Column:
    return Column(min_width=min_width, max_width=max_width, no_wrap=True, overflow="ellipsis")


def printable_path(photo: Path) -> str:
    """Write a photo's name for a terminal."""
    return printable(str(photo))


def say(console: Console, line: str | Text) -> None:
    """Print one line as it is: no markup in it, never wrapped, whatever the width."""
    console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)
