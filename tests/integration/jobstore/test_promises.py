"""Promises: how far off the first ETA of each render was, as `complete` counts it."""

import pytest

from common.jobstore.histogram import Histogram
from tests.integration.jobstore.builders import MEGAPIXEL, ClockedStore, Worker, submission, submit


def errors(clocked: ClockedStore) -> Histogram:
    return clocked.store.overviews.overview().eta_errors


def test_the_error_is_between_the_end_and_the_first_promise(clocked: ClockedStore) -> None:
    worker = Worker(clocked.store)
    worker.beat(seconds_per_mp=1.0)
    sent = [submission(str(n), work_px=2 * MEGAPIXEL) for n in range(3)]  # told 2, 4 and 6 s
    for one in sent:
        submit(clocked.store, one)
    for seconds in (2, 3, 10):
        claim = worker.take()
        clocked.pass_time(seconds, renewing=(worker,))
        worker.complete(claim)  # after 2, 5 and 15 s
    seen = errors(clocked)
    up_to = dict(zip(seen.bounds_s, seen.cumulative, strict=False))
    assert (up_to[0.1], up_to[0.5], up_to[1.0], up_to[5.0], up_to[10.0]) == (1, 1, 2, 2, 3)
    assert seen.sum_s == pytest.approx(0 + 1 + 9)
    assert seen.cumulative[-1] == 3


def test_what_was_promised_nothing_is_not_counted(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())  # nobody is there
    worker = Worker(clocked.store)
    worker.complete(worker.take())
    assert sum(errors(clocked).counts) == 0
    assert errors(clocked).quantile(0.9) is None


def test_what_is_told_is_what_was_promised(clocked: ClockedStore) -> None:
    Worker(clocked.store).beat(seconds_per_mp=0.5)
    for number in range(40):
        sent = submission(str(number), work_px=(1 + number % 3) * MEGAPIXEL)
        submit(clocked.store, sent)
        told_s = clocked.store.jobs.view(sent.job_id, "ann").eta_s
        key = f"celshade:render:{sent.identity.key(sent.line)}"
        assert int(str(clocked.redis.hget(key, "eta"))) / 1000 == told_s


@pytest.mark.parametrize(
    ("counts", "share", "expected_s"),
    [
        ((10, 0, 0), 0.9, 0.09),
        ((5, 5, 0), 0.5, 0.1),
        ((5, 5, 0), 0.9, 0.22),
        ((0, 4, 0), 0.5, 0.175),
        ((0, 0, 3), 0.9, 0.25),
    ],
)
def test_quantiles_are_linear_within_a_bucket(
    counts: tuple[int, ...], share: float, expected_s: float
) -> None:
    assert Histogram((0.1, 0.25), counts, 0.0).quantile(share) == pytest.approx(expected_s)
