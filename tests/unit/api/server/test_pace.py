"""The pace of a body: time and bytes are told to it, nothing waits."""

import pytest

from api.server.limits import IntakeLimits
from api.server.pace import Pace, WaitingSlots
from common.errors import RequestTimeout, ServiceBusy

LIMITS = IntakeLimits(min_rate_bytes_s=100, window_s=15.0, total_s=60.0, patience_s=0.25)


def trickle(pace: Pace, bytes_per_s: int, seconds: int) -> None:
    """Let one piece arrive each second."""
    for _ in range(seconds):
        pace.waited(1.0, bytes_per_s)


def seconds_until_timeout(pace: Pace, bytes_per_s: int) -> int:
    for second in range(1, 1000):
        try:
            trickle(pace, bytes_per_s, 1)
        except RequestTimeout:
            return second
    raise AssertionError("it never timed out")


def test_a_body_that_stops_is_given_up_after_the_window() -> None:
    pace = Pace(LIMITS, WaitingSlots(1))
    pace.waited(0.0, 200)
    assert seconds_until_timeout(pace, 0) == 15


def test_a_fast_start_does_not_excuse_a_later_stall() -> None:
    pace = Pace(LIMITS, WaitingSlots(1))
    pace.waited(0.0, 1_000_000)
    assert seconds_until_timeout(pace, 0) == 16


def test_a_body_just_under_the_rate_is_given_up() -> None:
    assert seconds_until_timeout(Pace(LIMITS, WaitingSlots(1)), 99) == 15


def test_a_body_at_the_rate_goes_on_until_the_total() -> None:
    assert seconds_until_timeout(Pace(LIMITS, WaitingSlots(1)), 100) == 60


def test_a_body_that_is_all_there_is_never_refused() -> None:
    pace = Pace(LIMITS, WaitingSlots(1))
    for _ in range(10_000):
        pace.waited(0.0, 1)


def test_only_clients_that_are_waited_for_take_a_slot() -> None:
    slots = WaitingSlots(1)
    slow, second, quick = (Pace(LIMITS, slots) for _ in range(3))
    slow.waited(0.3, 0)
    quick.waited(0.2, 10)
    quick.waited(0.0, 10)
    with pytest.raises(ServiceBusy) as refused:
        second.waited(0.3, 0)
    assert refused.value.retry_after_s


def test_a_slot_comes_back_once_however_often_the_pace_is_finished() -> None:
    slots = WaitingSlots(1)
    for _ in range(3):
        pace = Pace(LIMITS, slots)
        pace.waited(0.3, 0)
        pace.finish()
        pace.finish()


def test_the_next_wait_ends_when_the_patience_does() -> None:
    pace = Pace(LIMITS, WaitingSlots(1))
    assert pace.next_wait_s == pytest.approx(0.25)
    pace.waited(0.1, 0)
    assert pace.next_wait_s == pytest.approx(0.15)
    pace.waited(0.2, 0)
    assert pace.next_wait_s == pytest.approx(1.0)
