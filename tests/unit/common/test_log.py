"""Logs: one JSON object a line, whatever a caller managed to put into it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from common import log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the logs go while the test runs."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure_logging("api", "INFO", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object_whatever_it_says(stream: io.StringIO) -> None:
    hostile = 'a\nb\r\x1b[31m\x00 {"level": "error"} \u2028'
    logging.getLogger("x").warning("name: %s", hostile)
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert all(character.isprintable() for character in text.rstrip("\n"))
    (line,) = lines(stream)
    assert line["message"] == f"name: {hostile}"
    assert (line["level"], line["process"], line["logger"]) == ("warning", "api", "x")


def test_lines_carry_the_ids_that_are_set(stream: io.StringIO) -> None:
    logger = logging.getLogger("x")
    logger.info("before")
    tokens = [(var, var.set(text)) for var, text in ((log.job_id, "j"), (log.render_key, "r"))]
    logger.info("during")
    for var, token in tokens:
        var.reset(token)
    logger.info("after")
    ids = [
        {k: line[k] for k in ("request", "job", "render") if k in line} for line in lines(stream)
    ]
    assert ids == [{}, {"job": "j", "render": "r"}, {}]


def test_extras_are_fields_and_exceptions_stay_on_the_line(stream: io.StringIO) -> None:
    try:
        int("broken")
    except ValueError:
        logging.getLogger("x").exception("failed", extra={"render": "key", "_hidden": 1})
    (line,) = lines(stream)
    assert line["render"] == "key"
    assert "_hidden" not in line
    assert "ValueError: invalid literal" in line["exception"]


def test_what_libraries_say_at_info_is_not_repeated(stream: io.StringIO) -> None:
    logging.getLogger("kombu").info("chatter")
    logging.getLogger("kombu").warning("trouble")
    assert [line["message"] for line in lines(stream)] == ["trouble"]
