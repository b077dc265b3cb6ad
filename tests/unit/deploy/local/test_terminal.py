"""What a person sees of the stack."""

import errno
import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from common.processes.supervised_process import Death, State, Status
from deploy.local.terminal import Terminal, table

API = Status("api", State.RUNNING, 42, "http://127.0.0.1:8000", restarts=0)


def test_plain_output_has_one_line_per_change_and_none_twice() -> None:
    out = io.StringIO()
    terminal = Terminal(Console(file=out, width=60), Path("data/logs"))
    with terminal.open():
        terminal.changed([API, Status("keeper", State.NEW, None, "", 0)])
        terminal.changed([API, Status("keeper", State.RUNNING, 43, "", 0)])
        terminal.changed([API, Status("keeper", State.RUNNING, 44, "", 1)])
    assert [" ".join(line.split()) for line in out.getvalue().splitlines()] == [
        "api running pid 42 http://127.0.0.1:8000",
        "keeper running pid 43",
        "keeper running pid 44 restarts 1",
    ]


def test_a_death_says_how_when_and_where_to_look() -> None:
    out = io.StringIO()
    terminal = Terminal(Console(file=out, width=60), Path("data/logs"))
    terminal.died(Death("api", "was killed by SIGKILL", -9, 0.25, 1))
    assert out.getvalue() == (
        "api was killed by SIGKILL; it starts again in 0.25 s. What it said: data/logs/api.log\n"
    )


def test_words_in_brackets_are_shown_and_not_taken_for_markup() -> None:
    out = io.StringIO()
    Terminal(Console(file=out, width=60), Path("logs")).say("curl [red] 'Prefer: wait=60'")
    assert out.getvalue() == "curl [red] 'Prefer: wait=60'\n"


def test_the_table_has_a_row_per_process() -> None:
    out = io.StringIO()
    waiting = Status("redis", State.WAITING, None, "127.0.0.1:6001", 3)
    Console(file=out, width=120).print(table([API, waiting]))
    title, first, second = (" ".join(line.split()) for line in out.getvalue().splitlines())
    assert title == "process pid state address restarts"
    assert first == "api 42 running http://127.0.0.1:8000 0"
    assert second == "redis waiting to start again 127.0.0.1:6001 3"


class _ClosedWindow(io.StringIO):
    """A terminal whose window is gone."""

    def isatty(self) -> bool:
        return True

    def write(self, _text: str) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_that_is_gone_stops_nothing(is_terminal: bool, tmp_path: Path) -> None:
    terminal = Terminal(Console(file=_ClosedWindow(), force_terminal=is_terminal), tmp_path)
    with terminal.open():
        terminal.changed([API])
        terminal.still_starting([API])
        terminal.died(Death("api", "was killed by SIGKILL", -9, 0.25, 1))


def test_whoever_is_awaited_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "api.log").write_text("early\nthe port is taken\n")
    out = io.StringIO()
    Terminal(Console(file=out), tmp_path).still_starting([API])
    assert "Still waiting for api" in out.getvalue()
    assert "the port is taken" in out.getvalue()
    assert "early" not in out.getvalue()
