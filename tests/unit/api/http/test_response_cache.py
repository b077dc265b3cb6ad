"""The response cache: expiry, capacity, and one response per caller and base URL."""

from dataclasses import replace

import pytest

from api.http.response_cache import MAX_AGE_S, CachedResponse, CacheKey, ResponseCache
from tests.support.clocks import Clock

HOUR_S = 3600.0
ASKED = CacheKey("a" * 32, "alice", "http://127.0.0.1:8080")
SAID = CachedResponse("mark", "tag", "{}")


def test_what_was_said_is_kept_for_a_minute() -> None:
    clock = Clock()
    answers = ResponseCache(clock=clock)
    assert answers.get(ASKED) is None
    answers.put(ASKED, SAID, links_live_s=HOUR_S)
    clock.now_s += MAX_AGE_S - 1
    assert answers.get(ASKED) == SAID
    clock.now_s += 1
    assert answers.get(ASKED) is None


def test_links_keep_nine_tenths_of_their_life() -> None:
    clock = Clock()
    answers = ResponseCache(clock=clock)
    answers.put(ASKED, SAID, links_live_s=20.0)
    clock.now_s += 1.9
    assert answers.get(ASKED) == SAID
    clock.now_s += 0.1
    assert answers.get(ASKED) is None


@pytest.mark.parametrize("field", ["job_id", "caller", "base_url"])
def test_others_are_not_told(field: str) -> None:
    answers = ResponseCache()
    answers.put(ASKED, SAID, links_live_s=HOUR_S)
    assert answers.get(replace(ASKED, **{field: "another"})) is None


def test_the_oldest_goes_first_and_what_is_said_anew_is_young() -> None:
    answers = ResponseCache(max_responses=2)
    first, second, third = (replace(ASKED, job_id=name) for name in ("1", "2", "3"))
    for question in (first, second, first, third):
        answers.put(question, SAID, links_live_s=HOUR_S)
    assert [answers.get(question) for question in (first, second, third)] == [SAID, None, SAID]
