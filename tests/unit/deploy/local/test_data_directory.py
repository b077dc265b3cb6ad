"""The stack's data directory: who holds it, what is left in it, who may read it."""

import os
import stat
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from deploy.local import data_directory
from deploy.local.data_directory import Layout


@pytest.fixture
def made(tmp_path: Path) -> Layout:
    fresh = Layout(tmp_path / "data")
    fresh.make()
    return fresh


def test_a_second_holder_is_told_who_the_first_is_and_what_to_do(made: Layout) -> None:
    with made.held(), pytest.raises(ConfigurationError) as refusal, Layout(made.root).held():
        pass
    assert f"process {os.getpid()}" in str(refusal.value)
    assert "--data" in str(refusal.value)


def test_a_directory_let_go_can_be_held_again(made: Layout) -> None:
    for _ in range(2):
        with made.held():
            assert (made.root / "stack.lock").read_text() == str(os.getpid())


def test_what_an_earlier_stack_left_in_run_goes(made: Layout) -> None:
    made.pid("api").write_text("123\n")
    data_directory.write_address(made.api_url, "http://127.0.0.1:1")
    made.clear_run()
    assert list(made.run.iterdir()) == []


def test_addresses_with_passwords_are_for_this_user_alone(made: Layout) -> None:
    data_directory.write_address(made.redis_url, "redis://:secret@127.0.0.1:1/0")
    assert made.redis_url.read_text() == "redis://:secret@127.0.0.1:1/0\n"
    assert stat.S_IMODE(made.redis_url.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.root.stat().st_mode) == 0o700


def test_large_logs_are_put_aside_and_small_ones_go_on(
    made: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_directory, "LARGE_LOG_BYTES", 10)
    made.log("api").write_text("many words of the API")
    made.log("keeper").write_text("few words")
    made.put_aside_large_logs()
    assert sorted(path.name for path in made.logs.iterdir()) == ["api.log.1", "keeper.log"]


def test_the_tail_is_the_last_lines(made: Layout) -> None:
    made.log("api").write_text("".join(f"line {number}\n" for number in range(100)))
    assert data_directory.tail(made.log("api"), lines=2) == "line 98\nline 99"
    assert data_directory.tail(made.log("absent")) == ""


def test_a_directory_that_cannot_be_made_is_a_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Layout(tmp_path / "file" / "data").make()
