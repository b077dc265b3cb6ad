"""Pid files: whole or not at all, and nobody depends on them."""

import os
from pathlib import Path

import pytest

from common.processes.pid_file import read_pid, remove_pid, write_pid, write_pid_file


def test_a_pid_is_written_and_taken_away(tmp_path: Path) -> None:
    write_pid(tmp_path / "run", "keeper")
    assert (tmp_path / "run" / "keeper.pid").read_text() == f"{os.getpid()}\n"
    remove_pid(tmp_path / "run", "keeper")
    assert list((tmp_path / "run").iterdir()) == []


def test_anothers_pid_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "api.pid").write_text("1\n")
    remove_pid(tmp_path, "api")
    assert (tmp_path / "api.pid").exists()


def test_pid_files_are_read_back_and_rubbish_in_them_is_no_process(tmp_path: Path) -> None:
    write_pid_file(tmp_path / "redis.pid", 4711)
    assert read_pid(tmp_path / "redis.pid") == 4711
    (tmp_path / "redis.pid").write_text("nobody")
    assert read_pid(tmp_path / "redis.pid") is None
    assert read_pid(tmp_path / "absent.pid") is None


def test_without_a_directory_there_is_none() -> None:
    write_pid(None, "api")
    remove_pid(None, "api")


def test_a_disk_that_refuses_keeps_nobody_from_running(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "api.pid").mkdir()
    write_pid(tmp_path, "api")
    assert [path.name for path in tmp_path.iterdir()] == ["api.pid"]  # and no draft
    assert "no pid file" in caplog.text
