"""The schedule: repeatable, complete, one trouble of a part at a time."""

import itertools

import pytest

from tests.chaos.schedule import LASTS_S, WORKERS, Kind, Schedule

SEEDS = range(20)
# Long enough for every trouble to have its turn.
SHORT_S = 85.8


def test_a_seed_says_it_all() -> None:
    assert str(Schedule(7, SHORT_S)) == str(Schedule(7, SHORT_S))
    assert Schedule(7, SHORT_S).events() != Schedule(8, SHORT_S).events()


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_has_its_turn(seed: int) -> None:
    events = Schedule(seed, SHORT_S).events()
    assert {event.kind for event in events} == set(Kind)
    assert {event.worker for event in events} == {0, *range(1, WORKERS + 1)}
    assert all(event.at_s + event.lasts_s <= SHORT_S for event in events)


def test_what_cannot_be_done_is_left_out_and_the_rest_stays() -> None:
    missing = frozenset({Kind.CLOCK_STEPPED, Kind.REDIS_FULL})
    kinds = [event.kind for event in Schedule(7, SHORT_S, without=missing).events()]
    assert set(kinds) == set(Kind) - missing
    everything = [event.kind for event in Schedule(7, SHORT_S).events() if event.kind in LASTS_S]
    rest = [kind for kind in everything if kind not in missing]
    assert [kind for kind in kinds if kind in LASTS_S][: len(rest)] == rest


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_other_than_workers_suffer_one_trouble_at_a_time(seed: int) -> None:
    everything = Schedule(seed, 300, is_long=True).events()
    events = [event for event in everything if event.kind in LASTS_S]
    for first, second in itertools.pairwise(events):
        assert first.at_s + first.lasts_s < second.at_s
