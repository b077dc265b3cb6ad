"""Style names, versions and the names of lines and hint queues that follow."""

import pytest

from common import styles
from common.queue.hints import queue_name, queue_of


@pytest.mark.parametrize("name", ["ink", "ink-filter", "3d", "a" * 63])
def test_style_names(name: str) -> None:
    assert styles.is_style_name(name)


@pytest.mark.parametrize("name", ["", "Ink", "-ink", "ink.filter", "ink:x", "a" * 64, "ink\n", "ï"])
def test_what_is_no_style_name(name: str) -> None:
    assert not styles.is_style_name(name)


def test_a_version_follows_the_model_and_the_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    before = styles.version_of("digest")
    assert (len(before), int(before, 16) >= 0) == (12, True)
    assert styles.version_of("another") != before
    monkeypatch.setattr(styles, "PIPELINE_VERSION", styles.PIPELINE_VERSION + 1)
    assert styles.version_of("digest") != before


def test_each_line_has_a_queue_of_its_name() -> None:
    line = styles.line_of("ink", "0123456789ab")
    assert queue_name(line) == "line.ink.0123456789ab"
    queue = queue_of(line)
    assert (queue.name, queue.routing_key) == (queue_name(line), queue_name(line))
