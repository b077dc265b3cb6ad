"""`celshade batch` and `celshade watch` on the real API: folders in, ZIPs and files out."""

import json
import signal
import zipfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from celshade import Client
from celshade.command.watch_state import STATE_FILE
from tests.integration.api.intake_server import free_port
from tests.integration.api.real_service import RealService, running
from tests.integration.client.drawing_service import (
    DEADLINE_S,
    run,
    started,
    until,
    url_of,
    working,
)
from tests.support.photos import photo


def test_a_folder_becomes_a_zip(service: RealService, holiday: Path, tmp_path: Path) -> None:
    status, out, errors = run(tmp_path, url_of(service), "batch", "holiday", "--zip", "-r")
    assert (status, out.startswith("holiday.zip  3 pictures, ")) == (1, True)
    with zipfile.ZipFile(tmp_path / "holiday.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["manifest.json", "a.jpg", "b.jpg", "a-2.jpg"]
    assert "holiday/torn.jpg: This is not an image" in errors
    assert "1 other file left out" in errors
    assert "3 of 4 photos done" in errors


def test_a_folder_becomes_files_and_a_report(
    service: RealService, holiday: Path, tmp_path: Path
) -> None:
    (holiday / "torn.jpg").unlink()
    status, out, _ = run(tmp_path, url_of(service), "batch", "holiday", "-o", "out", "-r", "--json")
    report = json.loads(out)
    assert (status, len(report["batches"]), report["zips"]) == (0, 1, [])
    saved = [Path(each["saved"]) for each in report["photos"]]
    assert [path.name for path in saved] == ["a-flat.jpg", "b-flat.jpg", "a-2-flat.jpg"]
    assert all((tmp_path / path).stat().st_size for path in saved)
    assert {each["error"] for each in report["photos"]} == {None}


def test_ctrl_c_cancels_a_batch(
    clean_redis_url: str, holiday: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        running(clean_redis_url, tmp_path_factory.mktemp("service")) as idle,
        started(tmp_path, url_of(idle), "batch", "holiday", "--zip") as process,
        Client(url_of(idle)) as client,
    ):
        until(lambda: len(client.list(status="queued").jobs) == 2, "the photos are sent")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE_S)
        # Canceled by the command, or by the server when the upload broke off.
        until(
            lambda: {job.status for job in client.jobs()} == {"canceled"},
            "what was open is canceled",
        )
    assert (process.returncode, "Traceback" in errors) == (130, False)
    assert not (tmp_path / "holiday.zip").exists()


def test_what_is_there_is_watched_once(service: RealService, holiday: Path, tmp_path: Path) -> None:
    line = ("watch", "holiday", "-o", "out", "--once", "--settle", "0.2", "--json")
    status, out, _ = run(tmp_path, url_of(service), *line)
    ends = {Path(each["photo"]).name: each for each in map(json.loads, out.splitlines())}
    assert status == 1
    assert ends["torn.jpg"]["error"]["code"] == "unsupported_media_type"
    assert ends["a.jpg"]["job"]["status"] == "succeeded"
    pictures = {path.name for path in (tmp_path / "out").iterdir()}
    assert pictures == {"a-flat.jpg", "b-flat.jpg", STATE_FILE}

    assert run(tmp_path, url_of(service), *line)[:2] == (0, "")  # all of it is remembered

    (holiday / "a.jpg").write_bytes(photo(shade=7))
    (holiday / "torn.jpg").unlink()
    status, out, _ = run(tmp_path, url_of(service), *line)
    assert (status, len(out.splitlines())) == (0, 1)
    assert json.loads(out)["saved"] == "out/a-flat.jpg"


def test_a_restart_of_the_server_is_survived(
    clean_redis_url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data, inbox, port = tmp_path_factory.mktemp("service"), tmp_path / "inbox", free_port()
    inbox.mkdir()
    (inbox / "first.jpg").write_bytes(photo(shade=1))
    line = ("watch", "inbox", "-o", "out", "--settle", "0.1")
    with ExitStack() as ends:
        with running(clean_redis_url, data, port) as service, working(service):
            process = ends.enter_context(started(tmp_path, url_of(service), *line))
            until((tmp_path / "out" / "first-flat.jpg").exists, "the first picture")
        (inbox / "second.jpg").write_bytes(photo(shade=2))
        with running(clean_redis_url, data, port) as service, working(service):
            until((tmp_path / "out" / "second-flat.jpg").exists, "the second picture")
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, "Traceback" in errors) == (0, False)
    assert "Watching inbox" in errors
    assert len(out.splitlines()) == 2


def test_pictures_would_not_be_taken_for_photos(service: RealService, holiday: Path) -> None:
    status, _, errors = run(holiday, url_of(service), "watch", ".", "-o", "../holiday")
    assert (status, "name another -o" in errors) == (2, True)
