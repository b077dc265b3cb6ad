"""`python -m api`: its help, its keys, and plain lines for what is wrong."""

import re
import tomllib
from pathlib import Path

import pytest

from api.__main__ import main
from api.callers import Callers, digest_of


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = capsys.readouterr().out
    assert "CELSHADE_KEYS_FILE" in text
    assert "new-key" in text


def test_a_new_key_is_shown_once_with_lines_that_let_it_in(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["new-key", "ann", "--weight", "2", "--scopes", "jobs,admin"]) == 0
    text = capsys.readouterr().out
    (key,) = re.findall(r"cs_[\w-]{43}", text)
    (entry,) = tomllib.loads(text)["callers"]
    assert entry["key_sha256"] == digest_of(key)
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text(text.partition("\n\n")[2])
    caller = Callers(keys_file).identify(f"Bearer {key}")
    assert (caller.name, caller.weight, len(caller.scopes)) == ("ann", 2.0, 2)


@pytest.mark.parametrize(
    "arguments", [["a b"], ["ann", "--scopes", "root"], ["ann", "--weight", "-1"]]
)
def test_a_key_for_nobody_is_refused_in_plain_lines(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["new-key", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Traceback" not in told.err
    assert told.err.strip()


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("CELSHADE_API_PORT", "high", "CELSHADE_API_PORT"),
        ("CELSHADE_API_HOST", "0.0.0.0", "CELSHADE_KEYS_FILE"),  # noqa: S104 - what is refused
        ("CELSHADE_KEYS_FILE", "nowhere.toml", "nowhere.toml"),
    ],
)
def test_wrong_settings_are_plain_lines_and_exit_2(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    told: str,
) -> None:
    monkeypatch.setenv(variable, value)
    assert main([]) == 2
    assert told in capsys.readouterr().err
