"""Unit tests open no socket: what needs one is an integration test."""

from collections.abc import Iterator

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    """Refuse every socket while a unit test runs."""
    pytest_socket.disable_socket()
    yield
    pytest_socket.enable_socket()
