"""`--json`: what a script reads, one document or one line for each thing; stable, in ASCII."""

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console

from celshade.client.errors import CelshadeError
from celshade.client.jobs import Job
from celshade.command.messages import code_of, printable, sentence
from celshade.command.screen import Saved, say, shown


def print_document(out: Console, value: object) -> None:
    """Print one document on several lines."""
    say(out, json.dumps(value, indent=2))


def print_line(out: Console, value: object) -> None:
    """Print one document on one line."""
    say(out, json.dumps(value))
    out.file.flush()  # who reads a pipe waits for the line


def failure(error: CelshadeError) -> dict[str, Any]:
    """Write an error: a stable code, a sentence, whether trying again later may help."""
    return {"code": code_of(error), "message": printable(str(error)), "passes": error.passes}


class JsonScreen:
    """One line for each photo that has ended; nothing moves.

    Each line holds `photo`, `saved` (the picture's path or null), `took_s`, `job` (as the API shows
    it, or null) and `error` (null when saved).
    """

    def __init__(self, out: Console, errors: Console) -> None:
        self._out = out
        self._errors = errors

    def running(self) -> AbstractContextManager[object]:
        """Nothing moves here."""
        return nullcontext()

    def started(self, photo: Path) -> None:
        """Say nothing."""

    def moved(self, photo: Path, job: Job) -> None:
        """Say nothing."""

    def saved(self, photo: Path, end: Saved) -> None:
        """Print the result."""
        line = {
            "photo": str(photo),
            "saved": str(end.place),
            "took_s": round(end.took_s, 3),
            "job": end.job.raw,
            "error": None,
        }
        print_line(self._out, line)

    def failed(self, photo: Path, error: CelshadeError) -> None:
        """Print why, for the script and for the person."""
        told = {"saved": None, "took_s": None, "job": None, "error": failure(error)}
        print_line(self._out, {"photo": str(photo), **told})
        say(self._errors, f"celshade: {shown(photo)}: {sentence(error)}")

    def dropped(self, photo: Path) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Tell the person."""
        say(self._errors, f"celshade: {text}")
