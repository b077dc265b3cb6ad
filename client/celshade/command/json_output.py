"""Output of `--json`, for scripts: one document, or one line for each photo; stable, in ASCII."""

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console

from celshade.client.errors import CelshadeError
from celshade.client.jobs import Job
from celshade.command.messages import code_of, error_text, printable
from celshade.command.screen import SavedPicture, printable_path, say


def print_document(out: Console, value: object) -> None:
    """Print one document on several lines."""
    say(out, json.dumps(value, indent=2))


def print_line(out: Console, value: object) -> None:
    """Print one document on one line."""
    say(out, json.dumps(value))
    out.file.flush()  # a reader of the pipe waits for the line


def error_json(error: CelshadeError) -> dict[str, Any]:
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

    def progressed(self, photo: Path, job: Job) -> None:
        """Say nothing."""

    def saved(self, photo: Path, picture: SavedPicture) -> None:
        """Print the result."""
        line = {
            "photo": str(photo),
            "saved": str(picture.path),
            "took_s": round(picture.took_s, 3),
            "job": picture.job.raw,
            "error": None,
        }
        print_line(self._out, line)

    def failed(self, photo: Path, error: CelshadeError) -> None:
        """Print why, for the script and for the user."""
        fields = {"saved": None, "took_s": None, "job": None, "error": error_json(error)}
        print_line(self._out, {"photo": str(photo), **fields})
        say(self._errors, f"celshade: {printable_path(photo)}: {error_text(error)}")

    def abandoned(self, photo: Path) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Show the user."""
        say(self._errors, f"celshade: {text}")
