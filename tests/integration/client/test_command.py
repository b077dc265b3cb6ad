"""The command as a person runs it: exit statuses, sentences, pictures; never a traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.client.conftest import Command
from tests.integration.client.contract_server import (
    DAMAGED,
    ENDLESS,
    KNOWN,
    PICTURE,
    REFUSED,
    World,
)
from tests.integration.client.drawing_service import DEADLINE_S

NOBODY = "http://127.0.0.1:1"  # port 1 is reserved, and nothing listens on it


def photo(directory: Path, name: str, content: bytes = b"a photo") -> str:
    (directory / name).write_bytes(content)
    return name


def test_a_photo_becomes_a_picture(celshade: Command, tmp_path: Path) -> None:
    done = celshade("render", photo(tmp_path, "beach.png"), "-o", "new/out")
    assert (done.returncode, done.stdout.startswith("beach.png -> new/out/")) == (0, True)
    assert done.stdout.rstrip().endswith("miss")
    assert (tmp_path / "new/out/beach-ink-filter.jpg").read_bytes() == PICTURE
    assert "beach.png: rendering" in done.stderr


def test_a_known_photo_is_a_hit(celshade: Command, tmp_path: Path) -> None:
    done = celshade("render", photo(tmp_path, "a.jpg", KNOWN))
    assert (done.returncode, done.stdout.rstrip()[-3:]) == (0, "hit")


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    celshade: Command, tmp_path: Path
) -> None:
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), NOBODY)
    done = celshade("render", photo(tmp_path, "a.jpg"), **proxies, NO_PROXY="", no_proxy="")
    assert done.returncode == 0


def test_every_photo_gets_its_own_picture_and_the_bad_ones_a_sentence(
    celshade: Command, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    good = [photo(tmp_path, name) for name in ("a.jpg", "a.png", "b.jpg")]
    refused = photo(tmp_path, "huge.png", REFUSED)
    damaged = photo(tmp_path, "torn.jpg", DAMAGED)
    done = celshade("render", *good, refused, damaged, "nope.jpg", "folder", "-o", "out")
    assert done.returncode == 1
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"a-ink-filter.jpg", "a-2-ink-filter.jpg", "b-ink-filter.jpg"}
    for error_text in (
        "huge.png: The image has too many pixels. [too_many_pixels]",
        "torn.jpg: The image is damaged: its pixels cannot be decoded. [decode_failed]",
        "nope.jpg: There is no such file.",
        "folder: This is a directory; name the photos in it.",
        "3 of 7 photos done",
    ):
        assert error_text in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_asked_reaches_the_server(celshade: Command, tmp_path: Path, world: World) -> None:
    line = "--style ink-filter --strength 0.4 --size 512 --format jpg --quality 80 --no-cache"
    done = celshade("render", photo(tmp_path, "a.jpg"), *line.split(), "--priority", "high")
    assert done.returncode == 0
    (sent,) = world.submissions()
    assert sent.headers["Cache-Control"] == "no-cache"
    for field, value in (("style", "ink-filter"), ("strength", "0.4"), ("size", "512"),
                         ("format", "jpeg"), ("quality", "80"), ("priority", "high")):  # fmt: skip
        assert f'name="{field}"\r\n\r\n{value}\r\n'.encode() in sent.body
    assert b"a.jpg" not in sent.body


def test_a_server_that_is_not_there_is_reported_once(celshade: Command, tmp_path: Path) -> None:
    photos = [photo(tmp_path, f"{number}.jpg") for number in range(5)]
    done = celshade("render", *photos, CELSHADE_URL=NOBODY)
    assert done.returncode == 3
    assert done.stderr.count("No answer from http://127.0.0.1:1") == 1
    assert "--url or CELSHADE_URL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("page", ["", "/objects"])
def test_something_else_than_a_server_is_reported(
    celshade: Command, tmp_path: Path, world: World, page: str
) -> None:
    done = celshade("render", photo(tmp_path, "a.jpg"), "--url", world.storage_url + page)
    assert done.returncode == 3
    assert "is not a Celshade server" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("key", "advice"), [("wrong", "Check the key"), ("", "Give the key you were issued")]
)
def test_a_wrong_key_is_reported_once_and_nothing_is_sent(
    celshade: Command, tmp_path: Path, world: World, key: str, advice: str
) -> None:
    world.key = "right"
    photos = [photo(tmp_path, f"{number}.jpg") for number in range(3)]
    done = celshade("render", *photos, CELSHADE_API_KEY=key)
    assert (done.returncode, done.stderr.count("[unauthorized]")) == (3, 1)
    assert advice in done.stderr
    assert not world.submissions()


def test_wrong_usage_exits_with_2(celshade: Command, tmp_path: Path) -> None:
    name = photo(tmp_path, "a.jpg")
    for wrong in (["render"], ["render", name, "--style", "nope"], ["render", name, "-o", name],
                  ["render", name, "--url", "localhost:8000"], ["paint", name]):  # fmt: skip
        done = celshade(*wrong)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        assert done.stderr.startswith("celshade: ")


def test_a_name_no_terminal_can_show_does_no_harm(celshade: Command, tmp_path: Path) -> None:
    hostile = os.fsdecode(b"\xff\x1b[2J[red].jpg")
    done = celshade("render", photo(tmp_path, hostile), PYTHONIOENCODING="ascii")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "\x1b" not in done.stdout
    assert "[red].jpg" in done.stdout


def test_ctrl_c_cancels_what_is_open(
    environment: dict[str, str], tmp_path: Path, world: World
) -> None:
    name = photo(tmp_path, "a.jpg", ENDLESS)
    # A test run in the background hands down an ignored Ctrl-C; a person's shell does not.
    start = (
        "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "runpy.run_module('celshade', run_name='__main__')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", start, "render", name],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert world.on_post.wait(DEADLINE_S)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
    assert (process.returncode, "Traceback" in errors) == (130, False)
    assert [job["status"] for job in world.jobs.values()] == ["canceled"]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_tables_show_the_servers_words_as_they_are(celshade: Command, tmp_path: Path) -> None:
    assert celshade("render", photo(tmp_path, "a.jpg")).returncode == 0
    styles, jobs = celshade("styles"), celshade("jobs")
    assert (styles.returncode, jobs.returncode) == (0, 0)
    assert "ink-filter (default)" in styles.stdout
    assert "[b]Lines[/b] of ink." in styles.stdout
    assert "succeeded" in jobs.stdout


def test_the_help_teaches(celshade: Command) -> None:
    for arguments in (["--help"], ["render", "--help"]):
        helped = celshade(*arguments)
        assert (helped.returncode, "examples:" in helped.stdout) == (0, True)
