"""`celshade watch`: which photos have settled, the state it keeps, and outages of the server."""

import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from celshade.client.errors import CannotSave, PhotoUnreadable, Refused, ServerUnreachable
from celshade.client.jobs import Job, Output, read_job
from celshade.command.outage import LONGEST_PAUSE_S, ServerOutage
from celshade.command.screen import PlainScreen
from celshade.command.watch_state import STATE_FILE, WatchState
from celshade.command.watched_folder import FileVersion, SettledPhoto, WatchedFolder
from tests.support.clocks import Clock

ASKED = {"style": None}
AWAY = ServerUnreachable("http://h", "gone")


def job(content_type: str = "image/jpeg") -> Job:
    output = Output(content_type, 1, 1, 1, None, None)
    return replace(read_job({"id": "1", "status": "succeeded"}), style="ink", output=output)


def photo(name: str = "a.jpg", size_bytes: int = 5) -> SettledPhoto:
    return SettledPhoto(Path("in") / name, FileVersion(size_bytes, 7))


def names(folder: WatchedFolder) -> tuple[list[str], int]:
    settled, unsettled = folder.scan()
    return [each.path.name for each in settled], unsettled


def test_a_photo_counts_once_it_has_stood_still(tmp_path: Path) -> None:
    clock = Clock()
    folder = WatchedFolder(tmp_path, 2.0, clock)
    path = tmp_path / "a.jpg"
    path.write_bytes(b"half")
    assert names(folder) == ([], 1)
    clock.now_s += 1.9
    path.write_bytes(b"half and more")
    assert names(folder) == ([], 1)
    clock.now_s += 1.9
    assert names(folder) == ([], 1)
    clock.now_s += 0.1
    assert names(folder) == (["a.jpg"], 0)


def test_a_change_of_the_same_length_is_one(tmp_path: Path) -> None:
    clock = Clock()
    folder = WatchedFolder(tmp_path, 2.0, clock)
    path = tmp_path / "a.jpg"
    path.write_bytes(b"one")
    folder.scan()
    clock.now_s += 2
    (first,), _ = folder.scan()
    os.utime(path, ns=(1, 1))
    assert names(folder) == ([], 1)
    clock.now_s += 2
    (second,), _ = folder.scan()
    assert first != second


def test_what_is_no_photo_is_passed_over(tmp_path: Path) -> None:
    for name in ("notes.txt", ".hidden.jpg", "a.jpg.part", "b.JPEG", "c.heic", "empty.png"):
        (tmp_path / name).write_bytes(b"" if name == "empty.png" else b"x")
    (tmp_path / "folder.jpg").mkdir()
    assert names(WatchedFolder(tmp_path, 0.0)) == (["b.JPEG", "c.heic"], 0)


def test_a_folder_that_is_gone_is_printed(tmp_path: Path) -> None:
    with pytest.raises(PhotoUnreadable, match="is gone"):
        WatchedFolder(tmp_path / "none", 0.0).scan()


def test_what_was_done_is_remembered_by_the_next_run(tmp_path: Path) -> None:
    state = WatchState(tmp_path, ASKED)
    assert not state.is_done(photo())
    state.record(photo(), state.choose_path(photo(), job()))
    state.record(photo("bad.jpg"), None, "invalid_image")
    state.record(photo("unlucky.jpg"), None, "worker_lost", passes=True)

    again = WatchState(tmp_path, ASKED)
    assert again.is_done(photo())
    assert not again.is_done(photo(size_bytes=6))
    assert again.is_done(photo("bad.jpg"))
    assert not again.is_done(photo("unlucky.jpg"))
    assert not WatchState(tmp_path, {"style": "pencil"}).is_done(photo())
    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": 1}', '{"form": 1, "photos": {"a": 5}}'])
def test_a_state_that_cannot_be_read_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / STATE_FILE).write_text(text)
    assert not WatchState(tmp_path, ASKED).is_done(photo())


def test_a_changed_photo_replaces_its_own_picture_and_no_other(tmp_path: Path) -> None:
    state = WatchState(tmp_path, ASKED)
    first = state.choose_path(photo("a.jpg"), job())
    second = state.choose_path(photo("a.png"), job())
    assert (first.name, second.name) == ("a-ink.jpg", "a-2-ink.jpg")
    state.record(photo("a.jpg"), first)
    state.record(photo("a.png"), second)
    again = WatchState(tmp_path, ASKED)
    assert again.choose_path(photo("a.png", size_bytes=9), job()) == second
    assert again.choose_path(photo("a.webp"), job()).name == "a-3-ink.jpg"
    assert again.choose_path(photo("a.jpg"), job("image/png")).name == "a-ink.png"


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a-ink.jpg").write_bytes(b"mine")
    assert WatchState(tmp_path, ASKED).choose_path(photo(), job()).name == "a-2-ink.jpg"


def test_a_state_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CannotSave):
        WatchState(tmp_path / "none", ASKED).record(photo(), None, "x")


def test_the_state_says_why_there_is_no_picture(tmp_path: Path) -> None:
    WatchState(tmp_path, ASKED).record(photo(), None, "invalid_image")
    kept: dict[str, Any] = json.loads((tmp_path / STATE_FILE).read_text())
    assert kept["photos"]["a.jpg"]["error"] == "invalid_image"


def test_pauses_grow_and_an_outage_is_reported_once() -> None:
    clock, printed = Clock(), io.StringIO()
    outage = ServerOutage(PlainScreen(Console(file=printed), Console(file=printed)), clock)
    pauses = []
    for _ in range(6):
        assert outage.may_request
        outage.extend(AWAY)
        outage.extend(AWAY)  # another thread, at the same moment
        started_s = clock()
        while not outage.may_request:
            clock.now_s += 1.0
        pauses.append(clock() - started_s)
    assert pauses == [5.0, 10.0, 20.0, 40.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    outage.end()
    outage.end()
    first, last = printed.getvalue().splitlines()
    assert "Trying again" in first
    assert "goes on" in last


def test_an_outage_lasts_as_long_as_the_server_asks() -> None:
    clock = Clock()
    quiet = Console(file=io.StringIO())
    outage = ServerOutage(PlainScreen(quiet, quiet), clock)
    outage.extend(Refused(429, "quota_exceeded", "Used up.", retry_after_s=900.0))
    clock.now_s += 899.0
    assert not outage.may_request
    clock.now_s += 1.0
    assert outage.may_request
