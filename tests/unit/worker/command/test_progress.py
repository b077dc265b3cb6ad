"""The progress line of a download: a moving bar on a terminal, one plain line elsewhere."""

import io

import pytest

from worker.command.progress import ProgressLine


class Terminal(io.StringIO):
    """Takes what is written for a screen."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.mark.parametrize(
    ("done_bytes", "filled", "share"),
    [(0, 0, "0%"), (4_300_000, 15, "50%"), (8_600_000, 30, "100%")],
)
def test_a_bar_is_as_full_as_the_file(done_bytes: int, filled: int, share: str) -> None:
    line = ProgressLine("main.safetensors", 8_600_000)
    line.advance(done_bytes)
    bar = "#" * filled + "." * (30 - filled)
    assert line.text() == f"    main.safetensors  [{bar}] {share:>4} of 8.6 MB"


def test_of_a_file_of_unknown_size_it_says_what_came() -> None:
    line = ProgressLine("main.safetensors", None)
    line.advance(1_500)
    assert line.text() == "    main.safetensors  1.5 kB"


def test_a_terminal_sees_it_move_and_one_line_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    line = ProgressLine("main.safetensors", 100)
    line.advance(50)
    line.end("verified")
    moving, staying = screen.getvalue().split("\r\x1b[K")
    assert moving == f"\r{line.text()}"
    assert staying == "    main.safetensors  verified\n"


def test_elsewhere_only_its_end_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine("main.safetensors", 100)
    line.advance(50)
    line.end("verified")
    assert capsys.readouterr().err == "    main.safetensors  verified\n"
