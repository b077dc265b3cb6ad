"""What is shown where: tables that fit, lines that do not move, JSON for scripts."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from celshade.client.errors import JobFailed
from celshade.client.jobs import read_job
from celshade.command.json_output import JsonScreen
from celshade.command.screen import LiveScreen, PlainScreen, SavedPicture
from celshade.command.screens import open_screen
from celshade.command.tables import Listing

JOB = read_job({"id": "j1", "status": "succeeded", "cache": {"status": "hit"}})
DAMAGED = JobFailed("j1", "failed", "decode_failed", "Damaged.", retryable=False)
HEADINGS = ("job", "state", "style", "submitted", "what")
ROW = (
    "0123456789abcdef0123456789abcdef",
    "succeeded",
    "ink",
    "2026-01-02 03:04:05",
    "[b]512[/b] x 512",
)


def listed(width: int, *, is_terminal: bool) -> list[str]:
    file = io.StringIO()
    out = Console(file=file, width=width, force_terminal=is_terminal, color_system=None)
    listing = Listing(out, HEADINGS, spare=("submitted", "what", "style"))
    listing.row(*ROW)
    listing.show("Nothing.")
    return [line.rstrip() for line in file.getvalue().splitlines() if line.strip()]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_a_table_is_never_wider_than_its_terminal(width: int) -> None:
    lines = listed(width, is_terminal=True)
    assert len(lines) == 3
    assert all(len(line) <= width for line in lines)
    assert ROW[0] in lines[-1]


def test_what_matters_least_is_left_out_first() -> None:
    assert "2026-01-02" in listed(120, is_terminal=True)[-1]
    narrower = listed(85, is_terminal=True)[-1]
    assert "2026-01-02" not in narrower
    assert "[b]512[/b] x 512" in narrower
    assert "512" not in listed(60, is_terminal=True)[-1]


def test_a_pipe_has_room_for_everything() -> None:
    assert listed(20, is_terminal=False) == ["\t".join(HEADINGS), "\t".join(ROW)]


def consoles(*, is_terminal: bool) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=200, force_terminal=is_terminal), file


def test_lines_move_on_terminals_alone() -> None:
    terminal, _ = consoles(is_terminal=True)
    pipe, _ = consoles(is_terminal=False)
    assert isinstance(open_screen(terminal, terminal, 2, as_json=False), LiveScreen)
    assert isinstance(open_screen(pipe, pipe, 2, as_json=False), PlainScreen)
    assert isinstance(open_screen(terminal, terminal, 2, as_json=True), JsonScreen)


def test_scripts_get_one_line_for_each_photo() -> None:
    out, printed = consoles(is_terminal=False)
    errors, complained = consoles(is_terminal=False)
    screen = JsonScreen(out, errors)
    screen.started(Path("a.jpg"))
    screen.progressed(Path("a.jpg"), JOB)
    screen.saved(Path("a.jpg"), SavedPicture(Path("out/a-ink.jpg"), 1.23456, JOB))
    screen.failed(Path("b\u2028.jpg"), DAMAGED)
    screen.note("2 done.")
    saved, failed = (json.loads(line) for line in printed.getvalue().splitlines())
    assert saved == {
        "photo": "a.jpg",
        "saved": "out/a-ink.jpg",
        "took_s": 1.235,
        "job": {"id": "j1", "status": "succeeded", "cache": {"status": "hit"}},
        "error": None,
    }
    assert (failed["photo"], failed["saved"], failed["job"]) == ("b\u2028.jpg", None, None)
    assert failed["error"] == {"code": "decode_failed", "message": "Damaged.", "passes": False}
    assert "2 done." in complained.getvalue()
