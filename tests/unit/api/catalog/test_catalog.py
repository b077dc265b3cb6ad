"""The catalog: which version new work goes to, and how seldom the store is asked."""

import threading
import time

import pytest

from api.catalog.catalog import Catalog, Offers, newest
from common.errors import InvalidParam, NoWorkers, StoreUnavailable, UnknownStyle
from common.jobstore.histogram import Histogram
from common.jobstore.overview import CrewMember, Line, Overview

DEADLINE_S = 30.0


def line(
    style: str = "ink",
    version: str = "v1",
    *,
    first: int = 0,
    last: int = 0,
    states: tuple[str, ...] = (),
    **card: object,
) -> Line:
    """A style version with workers in these states."""
    crew = tuple(
        CrewMember(f"p{n}", "w", "cpu", state, 0.5, 1, 0.0, 0.0) for n, state in enumerate(states)
    )
    return Line(f"{style}.{version}", style, version, card, first, last, 0, 0, 0, crew)


def overview(*lines: Line) -> Overview:
    """A service with these lines and nothing else."""
    return Overview(0, {}, {}, lines, 0, 0, 0, 0, 0, 0, 0.0, Histogram.read({}), Histogram.read({}))


@pytest.mark.parametrize(
    ("lines", "chosen"),
    [
        ([line(version="v1", first=1), line(version="v2", first=2, states=("ready",))], "v2"),
        ([line(version="v1", first=1, states=("ready",)), line(version="v2", first=2)], "v1"),
        (
            [
                line(version="v1", first=1, states=("ready",)),
                line(version="v2", first=2, states=("starting",)),
            ],
            "v2",
        ),
        (
            [
                line(version="v1", first=1, states=("ready",)),
                line(version="v2", first=2, states=("sick", "draining")),
            ],
            "v1",
        ),
        ([line(version="v1", first=1, last=9), line(version="v2", first=2, last=5)], "v1"),
    ],
    ids=["newest", "living", "starting counts", "sick does not", "last seen"],
)
def test_admission_takes_the_newest_living_version(lines: list[Line], chosen: str) -> None:
    assert newest(lines).version == chosen
    assert newest(lines[::-1]).version == chosen


def test_the_default_is_the_one_that_says_so() -> None:
    lines = (line("anime"), line("ink", is_default=True), line("oil"))
    offers = Offers.of(lines)
    assert [style.name for style in offers.styles] == ["anime", "ink", "oil"]
    assert offers.choose(None).name == "ink"
    assert offers.choose("oil").name == "oil"
    assert Offers.of(lines[::2]).choose(None).name == "anime"  # nobody says so: the first


def test_what_is_not_offered_is_refused() -> None:
    with pytest.raises(UnknownStyle):
        Offers.of((line(),)).choose("oil")
    with pytest.raises(NoWorkers):
        Offers.of(()).choose(None)


def test_a_style_bounds_its_size() -> None:
    style = Offers.of((line(min_size_px=300, max_size_px=600, default_size_px=512),)).choose(None)
    assert (style.size_px(None), style.size_px(300), style.size_px(600)) == (512, 300, 600)
    for size_px in (299, 601):
        with pytest.raises(InvalidParam):
            style.size_px(size_px)


def test_the_store_is_asked_once_a_second() -> None:
    now_s, asked = [10.0], []

    def look() -> Overview:
        asked.append(now_s[0])
        return overview(line())

    catalog = Catalog(look, clock=lambda: now_s[0])
    for moment in (10.0, 10.5, 11.0, 11.1, 11.5, 12.5):
        now_s[0] = moment
        assert catalog.offers().choose(None).name == "ink"
    assert asked == [10.0, 11.1, 12.5]


def test_a_style_is_known_as_soon_as_its_worker_is() -> None:
    seen = [overview(), overview(line()), overview(line(), line("oil"))]
    catalog = Catalog(lambda: seen.pop(0), clock=iter(range(100)).__next__)
    assert catalog.offers().styles == ()
    assert catalog.choose(None).name == "ink"
    assert catalog.choose("oil").name == "oil"


def test_who_stands_in_line_shares_a_failure() -> None:
    """Eight threads must not wait for eight time-outs, one after the other."""
    asked, let_fail, clock_reads = [], threading.Event(), threading.Semaphore(0)
    failures: list[StoreUnavailable] = []

    def look() -> Overview:
        asked.append(1)
        let_fail.wait(DEADLINE_S)
        raise StoreUnavailable(retry_after_s=2)

    def clock() -> float:
        clock_reads.release()
        return time.monotonic()

    catalog = Catalog(look, clock=clock)

    def ask() -> None:
        try:
            catalog.overview()
        except StoreUnavailable as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(len(threads) + 1):  # each when it comes, and the first when it asks
        assert clock_reads.acquire(timeout=DEADLINE_S)
    let_fail.set()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert [failure.retry_after_s for failure in failures] == [2, 2, 2, 2]
    assert len(asked) == 1


def test_a_failure_is_not_remembered() -> None:
    answers: list[Overview | None] = [None, overview(line())]

    def look() -> Overview:
        answer = answers.pop(0)
        if answer is None:
            raise StoreUnavailable
        return answer

    now_s = [1.0]
    catalog = Catalog(look, clock=lambda: now_s[0])
    with pytest.raises(StoreUnavailable):
        catalog.offers()
    now_s[0] += 0.001
    assert catalog.offers().styles
