"""What the stack refuses before it starts anything."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.processes.pid_file import write_pid_file
from common.settings import Settings
from deploy.local.data_directory import Layout
from deploy.local.options import StackOptions
from deploy.local.stack import Stack
from tests.support.supervised import Record


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def _run(data: Path, port: int) -> None:
    """Run a stack that is expected to refuse."""
    options = StackOptions(data=data, port=port, workers=1, store="local")
    Stack(options, Settings(), Record()).run(threading.Event(), on_ready=lambda: None)


def test_a_port_in_use_is_said_in_plain_words(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"Port {taken_port} is in use.*--port"):
        _run(tmp_path, taken_port)


def test_a_pid_file_left_behind_changes_nothing(tmp_path: Path, taken_port: int) -> None:
    layout = Layout(tmp_path)
    layout.make()
    write_pid_file(layout.pid("api"), 2**22 + 1)  # above the largest pid of Linux
    with pytest.raises(ConfigurationError, match="is in use by another program"):
        _run(tmp_path, taken_port)


def test_a_directory_in_use_is_refused(tmp_path: Path, taken_port: int) -> None:
    layout = Layout(tmp_path)
    layout.make()
    with layout.held(), pytest.raises(ConfigurationError, match="already runs"):
        _run(tmp_path, taken_port)
