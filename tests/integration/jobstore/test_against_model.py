"""The job store against its model: any verbs in any order, checked after each."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from common.errors import ConfigurationError
from deploy.local import redis_server
from tests.integration.jobstore.builders import ClockedStore
from tests.integration.jobstore.machine import StoreMachine
from tests.integration.jobstore.machine_ground import POLICY
from tests.support import servers

# Other ones in each run; what fails prints how to repeat it. CELSHADE_TEST_EXAMPLES=2000 makes a
# long night's run of it.
EXAMPLES = int(os.environ.get("CELSHADE_TEST_EXAMPLES", "30"))
STEPS = 50


@pytest.fixture
def unsynced(tmp_path: Path) -> Iterator[ClockedStore]:
    """A store on a server of its own that need not survive: thousands of small writes."""
    try:
        server = redis_server.prepare(tmp_path)
    except ConfigurationError as error:
        servers.absent(str(error))
    with servers.running_redis(server):
        clocked = ClockedStore(server.url, POLICY)
        clocked.redis.config_set("appendonly", "no")
        yield clocked
        clocked.close()


@pytest.mark.timeout(3600 if EXAMPLES > 100 else 600)
def test_the_store_does_what_its_model_says(unsynced: ClockedStore) -> None:
    class Machine(StoreMachine):
        pass

    Machine.clocked = unsynced
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            print_blob=True,
        ),
    )
