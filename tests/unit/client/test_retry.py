"""When the client tries again, and after how long."""

from datetime import UTC, datetime

import pytest

from celshade.client.errors import CelshadeError, Refused, ServerUnreachable
from celshade.client.retry import RetryPolicy, read_retry_after_s, repeat

AWAY = ServerUnreachable("http://127.0.0.1:1", "could not connect")


def busy(retry_after_s: float | None) -> Refused:
    return Refused(503, "queue_full", "The service is full.", retry_after_s=retry_after_s)


def test_pauses_double_up_to_the_cap() -> None:
    policy = RetryPolicy(retries=7, first_pause_s=0.5, longest_pause_s=10.0)
    pauses = [policy.pause_s(tried, AWAY, jitter=1.0) for tried in range(1, 9)]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, None]


def test_jitter_spreads_over_a_quarter_of_the_pause() -> None:
    policy = RetryPolicy(first_pause_s=4.0)
    assert policy.pause_s(1, AWAY, jitter=0.0) == 3.0
    assert policy.pause_s(1, AWAY, jitter=0.5) == 3.5


def test_no_pause_is_shorter_than_the_server_asked() -> None:
    pause_s = RetryPolicy().pause_s(1, busy(7.0), jitter=0.0)
    assert pause_s == 7.0


def test_a_server_that_asks_for_too_long_is_not_waited_for() -> None:
    assert RetryPolicy(longest_retry_after_s=60.0).pause_s(1, busy(61.0), jitter=0.0) is None


@pytest.mark.parametrize(
    ("status", "passes"), [(401, False), (404, False), (422, False), (429, True), (503, True)]
)
def test_only_what_passes_is_repeated(status: int, passes: bool) -> None:
    error = Refused(status, "code", "A sentence.")
    assert (RetryPolicy().pause_s(1, error, jitter=0.0) is not None) is passes


def test_repeat_returns_the_first_success_and_keeps_the_pauses() -> None:
    outcomes: list[CelshadeError | str] = [busy(2.0), AWAY, "done"]
    pauses: list[float] = []

    def action() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, CelshadeError):
            raise outcome
        return outcome

    assert repeat(action, RetryPolicy(), pauses.append) == "done"
    assert len(pauses) == 2
    assert pauses[0] >= 2.0


def test_repeat_gives_up_with_the_last_error() -> None:
    tries: list[int] = []

    def action() -> None:
        tries.append(1)
        raise AWAY

    with pytest.raises(ServerUnreachable):
        repeat(action, RetryPolicy(retries=3), lambda _: None)
    assert len(tries) == 4


@pytest.mark.parametrize(
    ("value", "expected_s"),
    [
        (None, None),
        ("3", 3.0),
        (" 0 ", 0.0),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60.0),
        ("Fri, 02 Jan 2026 03:00:00 GMT", 0.0),
        ("Fri, 02 Jan 2026 03:05:05 -0000", 60.0),
        ("soon", None),
        ("-3", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, expected_s: float | None) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert read_retry_after_s(value, now) == expected_s
