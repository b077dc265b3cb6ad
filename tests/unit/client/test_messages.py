"""The command's words for states, durations and errors."""

from typing import Any

import pytest

from celshade.client.errors import Refused, ServerUnreachable
from celshade.client.jobs import Job, read_job
from celshade.command.messages import (
    describe_job,
    error_text,
    format_duration,
    is_server_wide,
    step_of,
)


def job(status: str, stage: str | None = None, **queue: Any) -> Job:
    return read_job({"id": "1", "status": status, "progress": {"stage": stage}, "queue": queue})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (job("queued", "waiting"), "waiting"),
        (job("queued", "waiting", position=1), "next in line"),
        (job("queued", "waiting", position=3, eta_seconds=4.2), "place 3 in line, about 5 s"),
        (job("queued", "loading_model"), "waiting for the model to load"),
        (job("running", "rendering"), "rendering"),
        (job("succeeded"), "downloading"),
        (job("thinking_hard"), "thinking hard"),
        (job("running", "\x1b[2Jpolishing"), "\N{REPLACEMENT CHARACTER}[2Jpolishing"),
    ],
)
def test_a_state_is_said_in_words(given: Job, expected: str) -> None:
    assert describe_job(given) == expected


def test_steps_only_go_forward() -> None:
    stages = ["waiting", "fetching", "decoding", "rendering", "encoding", "storing"]
    steps = [step_of(job("running", stage)) for stage in stages] + [step_of(job("succeeded"))]
    assert steps == sorted(set(steps))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.012, "0.01 s"), (4.23, "4.2 s"), (9.97, "10 s"), (42.4, "42 s"), (59.7, "1 min 0 s"),
     (185, "3 min 5 s"), (7440, "2 h 4 min")],
)  # fmt: skip
def test_durations_are_said_as_people_do(seconds: float, expected: str) -> None:
    assert format_duration(seconds) == expected


def test_a_refusal_carries_its_code_and_when_to_come_back() -> None:
    refused = Refused(429, "quota_exceeded", "Your share is used up.", retry_after_s=120.0)
    assert error_text(refused) == (
        "Your share is used up. The server asks to wait 2 min 0 s. [quota_exceeded]"
    )


def test_what_a_server_says_cannot_move_the_cursor() -> None:
    assert "\x1b" not in error_text(Refused(422, "x\x1b[2J", "Bad\x1b]0;title\x07 picture."))


@pytest.mark.parametrize(
    ("error", "everybody"),
    [
        (ServerUnreachable("http://h", "gone"), True),
        (Refused(401, "unauthorized", "No."), True),
        (Refused(422, "invalid_image", "No."), False),
    ],
)
def test_faults_of_the_whole_server_are_told_from_those_of_a_photo(
    error: Refused | ServerUnreachable, everybody: bool
) -> None:
    assert is_server_wide(error) is everybody
