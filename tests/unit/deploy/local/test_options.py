"""The command line of the stack."""

from pathlib import Path

import pytest

from common.settings import load_settings
from deploy.local import options
from deploy.local.options import DemoOptions, StackOptions


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STORE", "API_PORT"):
        monkeypatch.delenv(f"CELSHADE_{name}", raising=False)


def test_up_alone_is_one_worker_on_port_8000_with_a_local_store() -> None:
    assert options.parse(["up"], load_settings()) == StackOptions(
        data=Path("data").resolve(), port=8000, workers=1, store="local"
    )


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELSHADE_OBJECTS", "s3")
    monkeypatch.setenv("CELSHADE_API_PORT", "9000")
    from_environment = options.parse(["up"], load_settings())
    given = options.parse(["up", "--store", "local", "--port", "0"], load_settings())
    assert isinstance(from_environment, StackOptions)
    assert isinstance(given, StackOptions)
    assert (from_environment.store, from_environment.port) == ("s3", 9000)
    assert (given.store, given.port) == ("local", 0)


def test_demo_has_a_photo_of_its_own() -> None:
    asked = options.parse(["demo", "--store", "s3"], load_settings())
    assert asked == DemoOptions(Path("tests/photos/astronaut.jpg"), Path("out"), "s3")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sideways"],
        ["up", "--port", "65536"],
        ["up", "--port", "http"],
        ["up", "--workers", "0"],
        ["up", "--store", "floppy"],
    ],
)
def test_a_wrong_command_line_ends_with_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        options.parse(arguments, load_settings())
    assert end.value.code == 2
    assert "usage: python -m deploy.local" in capsys.readouterr().err


def test_the_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        options.parse(["up", "--help"], load_settings())
    text = capsys.readouterr().out
    assert end.value.code == 0
    for word in ("--port", "--workers", "--data", "--store", "CELSHADE_REDIS_URL", "run/NAME.pid"):
        assert word in text


def test_workers_share_the_cores_and_each_has_at_least_one() -> None:
    alone = options.threads_per_worker(1)
    assert alone >= options.threads_per_worker(2) >= 1
    assert options.threads_per_worker(10 * alone) == 1
