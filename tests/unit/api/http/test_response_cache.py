"""Kept answers: for a while only, the latest only, and to who asked the same only."""

from dataclasses import replace

import pytest

from api.http.response_cache import KEPT_S, CachedResponse, Question, ResponseCache
from tests.support.clocks import Clock

HOUR_S = 3600.0
ASKED = Question("a" * 32, "alice", "http://127.0.0.1:8080")
SAID = CachedResponse("mark", "tag", "{}")


def test_what_was_said_is_kept_for_a_minute() -> None:
    clock = Clock()
    answers = ResponseCache(clock=clock)
    assert answers.find(ASKED) is None
    answers.keep(ASKED, SAID, links_live_s=HOUR_S)
    clock.now_s += KEPT_S - 1
    assert answers.find(ASKED) == SAID
    clock.now_s += 1
    assert answers.find(ASKED) is None


def test_links_keep_nine_tenths_of_their_life() -> None:
    clock = Clock()
    answers = ResponseCache(clock=clock)
    answers.keep(ASKED, SAID, links_live_s=20.0)
    clock.now_s += 1.9
    assert answers.find(ASKED) == SAID
    clock.now_s += 0.1
    assert answers.find(ASKED) is None


@pytest.mark.parametrize("field", ["job_id", "caller", "base_url"])
def test_others_are_not_told(field: str) -> None:
    answers = ResponseCache()
    answers.keep(ASKED, SAID, links_live_s=HOUR_S)
    assert answers.find(replace(ASKED, **{field: "another"})) is None


def test_the_oldest_goes_first_and_what_is_said_anew_is_young() -> None:
    answers = ResponseCache(most=2)
    first, second, third = (replace(ASKED, job_id=name) for name in ("1", "2", "3"))
    for question in (first, second, first, third):
        answers.keep(question, SAID, links_live_s=HOUR_S)
    assert [answers.find(question) for question in (first, second, third)] == [SAID, None, SAID]
