"""What a worker and a codec process say arrives as it was meant, or is found to be no answer."""

import select

import pytest

from worker.sandbox.messages import Answer, Outcome, Request, Verb


@pytest.mark.parametrize(
    "request_",
    [
        Request(Verb.READ, size_bytes=40_000_000_000, long_side_px=2048),
        Request(Verb.TO_SRGB, width=2048, height=1),
    ],
)
def test_a_request_arrives(request_: Request) -> None:
    assert Request.unpack(request_.pack()) == request_


@pytest.mark.parametrize(
    "answer",
    [
        Answer(Outcome.READY),
        Answer(Outcome.REFUSED, "OSError: ß, 1 byte is missing"),
        Answer(Outcome.DONE, "", 4000, 3000, 4, True, False, 1024, 768, 6),
    ],
)
def test_an_answer_arrives(answer: Answer) -> None:
    assert Answer.unpack(answer.pack()) == answer


def test_a_long_text_is_cut_and_a_wild_one_stays_text() -> None:
    long = Answer.unpack(Answer(Outcome.REFUSED, "ü" * 1000).pack()).text
    assert 100 < long.count("ü") < 1000
    assert Answer.unpack(Answer(Outcome.REFUSED, "\udcff\0").pack()).text == "?\0"


def test_messages_arrive_whole() -> None:
    assert max(Request.SIZE, Answer.SIZE) <= select.PIPE_BUF


@pytest.mark.parametrize("message", [b"", b"\1", b"\xff" * Answer.SIZE, b"\0" * (Answer.SIZE + 1)])
def test_what_is_no_answer_is_seen(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"answer|Outcome"):
        Answer.unpack(message)
