"""Words and pauses of a process that is kept running."""

import pytest

from common.processes.supervised_process import RestartPauses, exit_in_words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-9, "was killed by SIGKILL"),
        (-99, "was killed by signal 99"),
    ],
)
def test_exit_codes_are_told_in_words(code: int, words: str) -> None:
    assert exit_in_words(code) == words


def test_pauses_double_up_to_a_bound() -> None:
    delays = [0.0]
    while len(delays) < 10:
        delays.append(RestartPauses().next_s(delays[-1], ran_s=1))
    assert delays[1:5] == [0.25, 0.5, 1.0, 2.0]
    assert delays[-1] == 15.0


def test_what_ran_for_long_starts_over_with_the_first_pause() -> None:
    assert RestartPauses(first_s=0.2, stable_s=20).next_s(8.0, ran_s=20) == 0.2
