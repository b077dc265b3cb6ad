"""What a person sees of the stack."""

import io
from pathlib import Path

from rich.console import Console

from deploy.local.process import Death, State, Status
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
    terminal.died(Death("api", "was killed by SIGKILL", 0.25, 1, Path("data/logs/api.log")))
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
