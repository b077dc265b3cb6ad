"""All tests here compute on one core."""

import pytest


@pytest.fixture(autouse=True)
def _on_one_core(one_thread: None) -> None:
    """Ask for it on behalf of each test."""
