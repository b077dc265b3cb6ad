"""The schedule: repeatable, complete, one trouble of a part at a time."""

import itertools

import pytest

from tests.chaos.schedule import LASTS_S, NOT_IN_BRIEF, WORKERS, Form, Kind, Schedule

SEEDS = range(20)
# Long enough for every trouble to have its turn.
SHORT_S = 85.8
LENGTHS_S = {Form.BRIEF: 44.0, Form.SHORT: SHORT_S}


def test_a_seed_says_it_all() -> None:
    assert str(Schedule(7, SHORT_S)) == str(Schedule(7, SHORT_S))
    assert Schedule(7, SHORT_S).events() != Schedule(8, SHORT_S).events()


@pytest.mark.parametrize("form", LENGTHS_S)
def test_everything_has_its_turn(form: Form) -> None:
    length_s = LENGTHS_S[form]
    for seed in SEEDS:
        events = Schedule(seed, length_s, form=form).events()
        kinds = set(Kind) - NOT_IN_BRIEF if form is Form.BRIEF else set(Kind)
        assert {event.kind for event in events} == kinds, seed
        assert {event.worker for event in events} == {0, *range(1, WORKERS + 1)}, seed
        assert all(event.at_s + event.lasts_s <= length_s for event in events), seed


def test_what_cannot_be_done_is_left_out_and_the_rest_stays() -> None:
    missing = frozenset({Kind.CLOCK_STEPPED, Kind.REDIS_FULL})
    kinds = [event.kind for event in Schedule(7, SHORT_S, without=missing).events()]
    assert set(kinds) == set(Kind) - missing
    everything = [event.kind for event in Schedule(7, SHORT_S).events() if event.kind in LASTS_S]
    rest = [kind for kind in everything if kind not in missing]
    assert [kind for kind in kinds if kind in LASTS_S][: len(rest)] == rest


@pytest.mark.parametrize("form", Form)
def test_parts_other_than_workers_suffer_one_trouble_at_a_time(form: Form) -> None:
    for seed in SEEDS:
        everything = Schedule(seed, 300, form=form).events()
        events = [event for event in everything if event.kind in LASTS_S]
        for first, second in itertools.pairwise(events):
            assert first.at_s + first.lasts_s < second.at_s, seed
