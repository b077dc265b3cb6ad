"""Logs: one JSON object a line, whatever a caller managed to put into it."""

import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common import log


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    """Where the logs go while the test runs."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    log.configure_logging("api", "INFO", descriptor)
    yield path
    os.close(descriptor)
    root.handlers[:] = before
    root.setLevel(level)


def lines(written: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.read_text().splitlines()]


def test_a_line_is_one_object_whatever_it_says(written: Path) -> None:
    hostile = 'a\nb\r\x1b[31m\x00 {"level": "error"} \u2028'
    logging.getLogger("x").warning("name: %s", hostile)
    text = written.read_text()
    assert text.count("\n") == 1
    assert all(character.isprintable() for character in text.rstrip("\n"))
    (line,) = lines(written)
    assert line["message"] == f"name: {hostile}"
    assert (line["level"], line["process"], line["logger"]) == ("warning", "api", "x")


def test_lines_carry_the_ids_that_are_set(written: Path) -> None:
    logger = logging.getLogger("x")
    logger.info("before")
    tokens = [(var, var.set(text)) for var, text in ((log.job_id, "j"), (log.render_key, "r"))]
    logger.info("during")
    for var, token in tokens:
        var.reset(token)
    logger.info("after")
    ids = [
        {k: line[k] for k in ("request", "job", "render") if k in line} for line in lines(written)
    ]
    assert ids == [{}, {"job": "j", "render": "r"}, {}]


def test_extras_are_fields_and_exceptions_stay_on_the_line(written: Path) -> None:
    try:
        int("broken")
    except ValueError:
        logging.getLogger("x").exception("failed", extra={"render": "key", "_hidden": 1})
    (line,) = lines(written)
    assert line["render"] == "key"
    assert "_hidden" not in line
    assert "ValueError: invalid literal" in line["exception"]


def test_what_libraries_say_at_info_is_not_repeated(written: Path) -> None:
    logging.getLogger("kombu").info("chatter")
    logging.getLogger("kombu").warning("trouble")
    assert [line["message"] for line in lines(written)] == ["trouble"]


def test_lines_of_many_threads_stay_whole(written: Path) -> None:
    def write(number: int) -> None:
        for count in range(100):
            logging.getLogger("x").info("%d", count, extra={"thread_number": number})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = sorted((line["thread_number"], int(line["message"])) for line in lines(written))
    assert seen == [(number, count) for number in range(8) for count in range(100)]


def test_a_line_that_cannot_be_written_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    handler = log.LineHandler(writing)
    handler.handle(logging.makeLogRecord({"msg": "to nobody"}))
    os.close(writing)
    assert "BrokenPipeError" in capsys.readouterr().err
