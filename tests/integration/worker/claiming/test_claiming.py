"""Claiming: what a task thread does when the job store's answers are late."""

from collections.abc import Iterator

import pytest

from common.jobstore import JobStore
from tests.integration.jobstore import builders
from tests.integration.jobstore.cutting_proxy import CuttingProxy
from tests.integration.worker.conftest import Bench
from tests.support.photos import flat_photo
from worker.tasks import Claimer

TIMEOUT_S = 2.0  # a busy machine may need longer: then it asks once more


@pytest.fixture
def proxy(clean_redis_url: str) -> Iterator[CuttingProxy]:
    """A way to Redis that can lose an answer."""
    with CuttingProxy(clean_redis_url) as proxy:
        yield proxy


def test_an_answer_that_never_comes_takes_no_render_for_nobody(
    bench: Bench, proxy: CuttingProxy
) -> None:
    for shade in (10, 20, 30):
        bench.submit(flat_photo((shade, shade, shade)))
    store = JobStore(proxy.url, builders.policy(), timeout_s=TIMEOUT_S)
    claimer = Claimer(
        leases=store.leases("late"),
        models={bench.model.line: bench.model},
        holdings=bench.holdings,
        gate=bench.gate,
    )
    store.leases("late").claim("nobody's", seconds_per_mp=1.0)  # connected, the script is known
    proxy.lose_next_answer(silently=True)
    claim = claimer.claim(bench.model.line)
    assert proxy.lost_answers == 1
    assert claim is not None
    assert claim.attempt == 1
    assert bench.store.overviews.overview().leases == 1
    store.redis.close()
