"""Screens of a batch: a moving line on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.text import Text

from celshade.command.messages import format_duration, format_size
from celshade.command.screen import printable_path, progress_on, say
from celshade.command.screens import is_live

_QUARTERS = 4


class BatchScreen(Protocol):
    """Where a batch shows itself."""

    def running(self) -> AbstractContextManager[object]:
        """Show the batch while the block lasts."""

    def sending(self, sent_bytes: int, total_bytes: int) -> None:
        """So much of the photos is on its way."""

    def rendering(self, ended: int, photos: int, eta_s: float | None) -> None:
        """So many photos have ended, successfully or not."""

    def fetching(self, came_bytes: int, total_bytes: int | None) -> None:
        """So much of the ZIP has come."""

    def saved(self, path: Path, text: str) -> None:
        """A picture, or the ZIP, is on disk."""

    def failed(self, photo: Path, why: str) -> None:
        """A photo's picture will not come."""

    def note(self, text: str) -> None:
        """Say something about the whole batch."""


def open_batch_screen(out: Console, errors: Console, *, as_json: bool) -> BatchScreen:
    """Choose the moving line on a terminal, else plain ones; for a script no results in between."""
    if not as_json and is_live(out):
        return LiveBatchScreen(out, errors)
    return PlainBatchScreen(None if as_json else out, errors)


class PlainBatchScreen:
    """One line for each quarter of the way."""

    def __init__(self, out: Console | None, errors: Console) -> None:
        self._out = out
        self._errors = errors
        self._step = ("", -1)

    def running(self) -> AbstractContextManager[object]:
        """Nothing moves here."""
        return nullcontext()

    def sending(self, sent_bytes: int, total_bytes: int) -> None:
        """Say so at each quarter."""
        self._at(
            "uploading",
            sent_bytes,
            total_bytes,
            f"{format_size(sent_bytes)} of {format_size(total_bytes)}",
        )

    def rendering(self, ended: int, photos: int, eta_s: float | None) -> None:
        """Say so at each quarter."""
        self._at("rendering", ended, photos, f"{ended} of {photos} done{_about(eta_s)}")

    def fetching(self, came_bytes: int, total_bytes: int | None) -> None:
        """Say so at each quarter."""
        if total_bytes:
            state = f"{format_size(came_bytes)} of {format_size(total_bytes)}"
            self._at("downloading", came_bytes, total_bytes, state)

    def saved(self, path: Path, text: str) -> None:
        """Print the result."""
        if self._out is not None:
            say(self._out, f"{printable_path(path)}{text}")

    def failed(self, photo: Path, why: str) -> None:
        """Print why."""
        say(self._errors, f"celshade: {printable_path(photo)}: {why}")

    def note(self, text: str) -> None:
        """Print it."""
        say(self._errors, f"celshade: {text}")

    def _at(self, stage: str, done: float, whole: float, state: str) -> None:
        step = (stage, int(done * _QUARTERS / whole) if whole else _QUARTERS)
        if step != self._step and done < whole:  # the results report the end
            self._step = step
            say(self._errors, f"{stage}: {state}")


class LiveBatchScreen:
    """A moving line for the stage that the batch is in, lasting ones for what went wrong."""

    def __init__(self, out: Console, errors: Console) -> None:
        self._out = out
        # Two terminals are one screen: what bypassed the moving line would tear it.
        self._errors = out if errors.is_terminal else errors
        self._progress: Progress = progress_on(out, with_stderr=errors.is_terminal)
        self._stage = ""
        self._line: TaskID | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the moving line on the screen; it leaves no trace."""
        with self._progress:
            yield

    def sending(self, sent_bytes: int, total_bytes: int) -> None:
        """Move the line."""
        state = f"{format_size(sent_bytes)} of {format_size(total_bytes)}"
        self._at("uploading", sent_bytes, total_bytes, state)

    def rendering(self, ended: int, photos: int, eta_s: float | None) -> None:
        """Move the line."""
        self._at("rendering", ended, photos, f"{ended} of {photos}{_about(eta_s)}")

    def fetching(self, came_bytes: int, total_bytes: int | None) -> None:
        """Move the line."""
        of = f" of {format_size(total_bytes)}" if total_bytes else ""
        self._at("downloading", came_bytes, total_bytes, f"{format_size(came_bytes)}{of}")

    def saved(self, path: Path, text: str) -> None:
        """Print the result."""
        mark = ("\N{CHECK MARK} ", "green")
        say(self._out, Text.assemble(mark, (printable_path(path), "bold"), (text, "dim")))

    def failed(self, photo: Path, why: str) -> None:
        """Print why."""
        say(
            self._errors, Text.assemble(("\N{BALLOT X} ", "red"), f"{printable_path(photo)}: {why}")
        )

    def note(self, text: str) -> None:
        """Print it above the moving line."""
        say(self._errors, text)

    def _at(self, stage: str, done: float, whole: float | None, state: str) -> None:
        if self._line is None or stage != self._stage:
            if self._line is not None:
                self._progress.remove_task(self._line)
            self._stage = stage
            self._line = self._progress.add_task(stage, total=whole, state=state)
        self._progress.update(self._line, completed=done, total=whole, state=state)


def _about(eta_s: float | None) -> str:
    return "" if eta_s is None else f", about {format_duration(round(eta_s) or 1)}"
