"""`python -m api`: its help, its keys, and plain lines for what is wrong."""

import math
import re
import tomllib
from pathlib import Path

import pytest

from api.__main__ import main
from api.auth.keys_file import KeysFile
from common.callers import Share, digest_of


@pytest.mark.parametrize(
    ("words", "taught"),
    [
        (["--help"], ("CELSHADE_KEYS_FILE", "python -m api keys")),
        (["keys", "--help"], ("create ann", "list", "revoke cs_", "closes", "5 seconds")),
        (["keys", "create", "--help"], ("once", "--requests-per-minute", "--for-keys-file")),
        (["keys", "revoke", "--help"], ("5 seconds", "signed links")),
    ],
)
def test_help_teaches(
    capsys: pytest.CaptureFixture[str], words: list[str], taught: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(words)
    text = capsys.readouterr().out
    assert [each for each in taught if each not in text] == []


def test_a_key_for_a_file_is_shown_once_with_lines_that_let_it_in(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    share = ["--weight", "2", "--megapixels-per-day", "inf", "--requests-per-minute", "60"]
    words = ["keys", "create", "ann", "--scopes", "jobs,admin", *share, "--for-keys-file"]
    assert main(words) == 0
    text = capsys.readouterr().out
    (key,) = re.findall(r"cs_[\w-]{43}", text)
    (entry,) = tomllib.loads(text)["callers"]
    assert entry["key_sha256"] == digest_of(key)
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text(text.partition("\n\n")[2])
    caller = KeysFile(keys_file).find(key)
    assert caller is not None
    assert (caller.name, len(caller.scopes)) == ("ann", 2)
    assert caller.share == Share(weight=2, megapixels_per_day=math.inf, requests_per_minute=60)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a b"], "name"),
        (["ann", "--scopes", "root"], "scopes"),
        (["ann", "--weight", "-1"], "--weight"),
        (["ann", "--max-open-jobs", "many"], "--max-open-jobs"),
        (["ann", "--requests-per-minute", "0"], "--requests-per-minute"),
    ],
)
def test_a_key_for_nobody_is_refused_in_plain_lines(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["keys", "create", *words]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "Traceback" not in output.err
    assert told in output.err


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("CELSHADE_API_PORT", "high", "CELSHADE_API_PORT"),
        ("CELSHADE_CORS_ORIGINS", "*", "CELSHADE_CORS_ORIGINS"),
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
