"""Running services for the end-to-end tests, and the question whether they left anything behind.

Files share a service: a photo is nobody else's by its number, and what counts is counted before and
after. Whoever kills a process waits for its successor.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from common.objects.factory import open_local_store
from common.settings import Settings
from tests.e2e.caller import Caller
from tests.e2e.stack import Stack, running_stack
from tests.support.audit import audit
from tests.support.styles import GATE_VARIABLE

# A test's time includes starting and stopping its stack: a busy machine takes minutes for both.
PATIENCE_S = 900


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give end-to-end tests the time that a busy machine needs."""
    item.add_marker(pytest.mark.timeout(PATIENCE_S))


STYLES = "tests.support.styles:MarkedStyle,tests.support.styles:SlowStyle"


@pytest.fixture(scope="session")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file whose existence lets blue photos through."""
    return tmp_path_factory.mktemp("gate") / "open"


@pytest.fixture(scope="session")
def two_workers(tmp_path_factory: pytest.TempPathFactory, gate: Path) -> Iterator[Stack]:
    """A service with two workers that hold the tests' styles."""
    directory = tmp_path_factory.mktemp("stack")
    with running_stack(directory, workers=2, env=_test_styles(gate)) as stack:
        yield stack


@pytest.fixture(scope="session")
def one_worker(tmp_path_factory: pytest.TempPathFactory, gate: Path) -> Iterator[Stack]:
    """A service with one worker that holds the tests' styles."""
    with running_stack(tmp_path_factory.mktemp("stack"), env=_test_styles(gate)) as stack:
        yield stack


def _test_styles(gate: Path) -> dict[str, str]:
    return {
        "CELSHADE_EXTRA_STYLES": STYLES,
        "CELSHADE_STYLES": "marked,slow",
        "CELSHADE_MAX_BATCH": "8",
        "CELSHADE_DRAIN_S": "1",  # what waits at the gate never finishes by itself
        GATE_VARIABLE: str(gate),
    }


@pytest.fixture
def closed_gate(gate: Path) -> Iterator[Path]:
    """A gate that is closed when the test begins, and open for whoever waits when it ends."""
    gate.unlink(missing_ok=True)
    yield gate
    gate.touch()


Auditor = Callable[[Stack], None]


@pytest.fixture
def audited() -> Auditor:
    """Hold a service to it that every key and every object has an owner."""

    def check(stack: Stack) -> None:
        settings = Settings(
            objects="local", data_dir=stack.layout.objects, redis_url=SecretStr(stack.redis_url)
        )
        audit(stack.redis_url, open_local_store(settings))

    return check


Calling = Callable[..., Caller]


@pytest.fixture
def call() -> Iterator[Calling]:
    """Make callers of a service that are hung up when the test ends: `call(stack, key=None)`."""
    with contextlib.ExitStack() as callers:
        yield lambda stack, key=None: callers.enter_context(Caller.of(stack.url, key))
